"""The sub-commands of `tailor`, one small file each."""

from __future__ import annotations

import typer

from tailor.cli import (
    augment,
    chat,
    check,
    compare,
    cost,
    data,
    diff,
    doctor,
    experiment,
    export,
    feedback,
    general,
    init,
    judge,
    keys,
    parity,
    plan,
    prices,
    promote,
    rate,
    releases,
    report,
    review,
    rollback,
    serve,
    show,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # Rich's help screens cost 100 ms at every start, plain ones nothing.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Adapts language models to your own data - and finds out first whether it should. Measure twice, tune once.",
    epilog="Exit codes: 0 done, 2 settings or data are wrong, 3 a package is missing, 4 a model or file cannot "
    "be used, 5 the study cannot go on, 6 a gate refused, 130 interrupted.",
)
app.command("init", short_help="Write a tailor.yaml for the files in a folder.")(init.init)
app.command("check", short_help="Check settings and data before anything is spent.")(check.check)
app.command("plan", short_help="Show what a study will decide by and what it can see.")(plan.plan)
app.command("compare", short_help="Compare all arms; end with a verdict and a memo.")(compare.compare)
app.command("report", short_help="Show the results of a study again.")(report.report)
app.command("show", short_help="Show one test item with every arm's answer.")(show.show)
app.command("diff", short_help="Show what one arm fixed and broke beside another.")(diff.diff)
app.command("rate", short_help="Judge answers blindly; show what the judgements say.")(rate.rate)
app.command("judge", short_help="Have a model grade answers, calibrated on people's.")(judge.judge)
app.command("general", short_help="Test general ability on lm-evaluation-harness tasks.")(general.general)
app.command("chat", short_help="Ask questions to one arm, or several side by side.")(chat.chat)
app.command("parity", short_help="Does another form of an arm answer as it was measured?")(parity.parity)
app.command("export", short_help="Write trained weights for PEFT or Transformers.")(export.export)
app.command("promote", short_help="Make an arm of a study the champion.")(promote.promote)
app.command("rollback", short_help="Make the previous champion the champion again.")(rollback.rollback)
app.command("serve", short_help="Serve the champion with the OpenAI API.")(serve.serve)
app.command("cost", short_help="What training and serving a model would cost.")(cost.cost)
app.command("prices", short_help="List, search and add prices of tokens, machines and labels.")(prices.prices)
app.command("augment", short_help="Make more ways of asking for the trained facts.")(augment.augment)
app.command("review", short_help="Approve, edit or reject rows, one key each.")(review.review)
app.add_typer(data.app, name="data", short_help="Look at files of questions, convert them, see their versions.")
app.add_typer(releases.app, name="releases", short_help="List the releases; export and import one.")
app.add_typer(keys.app, name="keys", short_help="Who may use the server.")
app.add_typer(experiment.app, name="experiment", short_help="Try a release on live traffic.")
app.add_typer(feedback.app, name="feedback", short_help="What people said about answers.")
app.command("doctor", short_help="Say what is installed and what this machine can do.")(doctor.doctor)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        import tailor

        typer.echo(f"tailor {tailor.__version__}")
        raise typer.Exit
