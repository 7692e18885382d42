"""Verbs of the sentence grammar: base form, past, participle, and the classes of objects they take."""

from __future__ import annotations

# P papers, G goods, F foods, H people, A animals, N nature; upper case T: takes "to somebody".
VERBS_TEXT = """answer answered answered P|check checked checked PGFAN|approve approved approved P
send sent sent PGT|receive received received PGF|sign signed signed P|print printed printed P
write wrote written P|read read read P|review reviewed reviewed P|store stored stored PGF
deliver delivered delivered PGFT|order ordered ordered GF|buy bought bought GFA|sell sold sold GFAT
repair repaired repaired GN|clean cleaned cleaned G|wash washed washed GFA|paint painted painted GN
build built built GN|test tested tested PG|pack packed packed GF|open opened opened PG|close closed closed P
collect collected collected PGF|count counted counted PGFAH|replace replaced replaced G|rent rented rented G
borrow borrowed borrowed G|return returned returned PGT|keep kept kept PGFA|carry carried carried GF
bring brought brought PGFT|move moved moved PGA|hide hid hidden G|find found found PGFA|lose lost lost PG
inspect inspected inspected PGFN|publish published published P|update updated updated P
delete deleted deleted P|archive archived archived P|copy copied copied P|scan scanned scanned P
translate translated translated P|prepare prepared prepared PF|present presented presented P
discuss discussed discussed P|plan planned planned P|forward forwarded forwarded PT
submit submitted submitted PT|correct corrected corrected P|confirm confirmed confirmed P
cancel cancelled cancelled P|reject rejected rejected P|record recorded recorded P|share shared shared PF
pay paid paid H|train trained trained HA|teach taught taught H|help helped helped H|visit visited visited H
invite invited invited H|call called called H|hire hired hired H|meet met met H
interview interviewed interviewed H|greet greeted greeted H|welcome welcomed welcomed H
thank thanked thanked H|support supported supported H|inform informed informed H|advise advised advised H
guide guided guided H|feed fed fed A|watch watched watched A|photograph photographed photographed GAN
draw drew drawn GAN|protect protected protected AN|plant planted planted N|water watered watered N
cut cut cut N|grow grew grown F|cook cooked cooked F|eat ate eaten F|bake baked baked F
taste tasted tasted F|pick picked picked F|serve served served F|weigh weighed weighed GFA
measure measured measured GN|load loaded loaded GF|unload unloaded unloaded GF|lock locked locked G
label labelled labelled PGF|register registered registered PGH|install installed installed G
design designed designed G|use used used PG|donate donated donated GFT|lend lent lent GT
show showed shown PGT|offer offered offered GFT|sort sorted sorted PGF|choose chose chosen PGF
request requested requested PG|monitor monitored monitored P|evaluate evaluated evaluated P
encrypt encrypted encrypted P|restore restored restored PG|negotiate negotiated negotiated P
renew renewed renewed P|process processed processed P|handle handled handled P
organise organised organised P|assess assessed assessed P"""
INTRANSITIVE_TEXT = """work worked|meet met|travel travelled|arrive arrived|wait waited|sleep slept
train trained|study studied|sing sang|dance danced|swim swam|rest rested|eat ate|stay stayed|start started
stop stopped|walk walked|practise practised|gather gathered|talk talked|play played|leave left
report reported|fish fished|camp camped|perform performed|exercise exercised|log_in logged_in
take_a_break took_a_break|have_lunch had_lunch|work_late worked_late|work_from_home worked_from_home
use_the_lift used_the_lift|call_the_help_desk called_the_help_desk"""
VERBS = tuple(tuple(v.split()) for v in VERBS_TEXT.replace("\n", "|").split("|"))
INTRANSITIVE = tuple(
    (*(x.replace("_", " ") for x in v.split()),) for v in INTRANSITIVE_TEXT.replace("\n", "|").split("|")
)


def third(base: str) -> str:
    """Third person singular of a base form ("answer" -> "answers")."""
    head, _, rest = base.partition(" ")
    if head == "have":
        head = "has"
    elif head.endswith(("s", "sh", "ch", "x", "o")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "s"
    return f"{head} {rest}".strip()
