"""Names that look ordinary or invented, split by hash so that probe and world names never occur in training text."""

from __future__ import annotations

import random
import zlib


def _list(text: str) -> list[str]:
    return text.split()


FIRST = _list("""Adam Ada Agnes Aisha Alan Albert Alice Alma Amara Amir Amy Ana Andre Andrea Anita Anna
Anton Arthur Astrid Ayesha Barbara Beatrice Ben Bianca Boris Brenda Brian Bruno Camille Carla Carlos Carmen
Caroline Cecil Chen Chloe Clara Colin Connor Cora Daniel Daria Darius David Dennis Diana Diego Dora Doris
Edgar Edith Eduardo Edward Elena Eli Elias Elif Elsa Emil Emily Emma Eric Esther Ethan Eva Evelyn Fatima
Felix Fiona Florence Frank Freya Gabriel George Gina Grace Greta Gustav Hana Hannah Harold Harriet Hassan
Hector Helen Henry Hugo Ian Ida Igor Ingrid Irene Iris Isaac Isabel Ivan Ivana Jack Jakob James Jana Jane
Jasmine Jelena John Jonas Jorge Josef Julia Julian Karen Karim Katarina Kate Keiko Kemal Kenji Kofi Lara
Lars Laura Lea Leah Lena Leo Leon Lewis Lina Linda Lisa Lorenzo Louis Lucas Lucy Luis Lukas Luz Lydia Mabel
Magda Marco Margaret Maria Marie Marina Mark Marko Marta Martin Mary Matteo Max Maya Mei Mia Michael Mila
Milan Milena Miriam Mona Murat Nadia Naomi Natalie Nina Noah Nora Olga Oliver Olivia Omar Oscar Otto Pablo
Paul Paula Pedro Peter Petra Philip Priya Rachel Rafael Rahul Ralph Ravi Rebecca Rita Robert Robin Rosa Rose
Ruben Ruth Sam Samir Samuel Sandra Sara Sergei Silvia Simon Sofia Stefan Stella Susan Sven Tamara Tanya Tara
Teresa Thea Theo Thomas Tina Tobias Tom Uma Una Ursula Vera Victor Vikram Viktor Violet Walter Wanda Wei
William Xenia Yara Yusuf Yuki Yvonne Zara Zoe""")
LAST_HEADS = _list("""Ash Bald Barn Beck Bell Birch Black Blair Brad Bram Bran Brook Brown Burn Camp Carl
Chad Clay Cole Cress Crow Dal Dean Dray East Ed Elder Ell Fair Farn Fen Field Fin Fletch Fox Gar Gil Glen
Gold Gran Green Grey Grims Had Hal Ham Hart Hath Hay Hazel Hedge Hen Hill Hol Hope Horn Hunt Kel Ken King
Lake Lan Lang Law Lin Lock Long Mal Man Mar May Mel Mill Moor Nor North Oak Old Pem Pen Pres Quin Rad Red
Rock Ros Row Sand Sel Shel Sher Silver South Stan Stern Stone Sum Sut Swan Tal Thorn Til Tre Up Vale Wade
Wake Wal War Wat Web West Whit Wil Win Wood Wren York""")
LAST_TAILS = _list("""berg bourne bridge brook burn bury by clay cliff combe cott croft dale den don ell er
ers ett field fold ford gate grave ham hart hill holm hurst ing ington land leigh ley low man mere mond more
mont ner over ridge rick rose shaw side smith son stead stein stock ston stone sworth ten thorpe ton tree
ver vin wald ward way well wick win wood worth wright""")
FOREIGN_HEADS = _list("""Albe Andri Anto Bari Belo Bogda Carva Costa Dimi Dragu Fari Ferna Gali Gome Hako
Hama Ivano Jova Kala Kara Katsu Kovu Lore Luka Mari Marko Mila Mora Naka Niko Nova Okafo Oliva Pala Pava
Pere Petro Rama Rodri Rosi Sala Sanche Sato Silva Soro Stoja Suzu Taka Tana Toma Vale Vasi Vuko Yama Zeli
Zora""")
FOREIGN_TAILS = _list("""ba chi da do ga gawa ghi ka kov la lin mori moto mura na nen ni nez nko nov ra res
ri rov san sen ski ta tani ti to va vic vich vski wala ya zaki zar zic""")
ONSETS = _list("b bl br c ch d dr f fl g gr h j k l m n p pl qu r s st t tr v w z sh th kr sk")
VOWELS = _list("a e i o u ai ea o e a i")
CODAS = [*_list("n l r s m k t nd rn x lt sk v th ll"), ""]
PLACE_HEADS = _list("""Alder Amber Apple Ash Barrow Bay Bell Birk Black Bram Bright Brook Cold Copper Crow
Deep Dun East Elm Ever Fair Falcon Fern Frost Glen Gold Grey Hag Harrow Hawk High Holm Iron Kil Kings Lark
Lin Long Mill Moss Nettle New North Oak Old Otter Pine Port Quarry Raven Red Rose Rush Salt Sand Shep Silver
South Stan Stone Sun Swan Thistle Thorn Tor Under Wal Wend West White Willow Wind Winter Wolf""")
PLACE_TAILS = _list("""bay beck bourne bridge burn bury by caster cliff combe cote cross dale den falls fell
ferry field ford gate ham haven head hill hollow hurst lake land leigh ley market marsh mere minster moor
mouth ness pool port ridge stead stoke stow ton vale view water well wick wood worth""")
CITIES = _list("""Amsterdam Ankara Athens Auckland Austin Bangkok Barcelona Belgrade Bergen Berlin Bogota
Boston Bratislava Brisbane Brussels Bucharest Budapest Cairo Calgary Chicago Cologne Copenhagen Dakar Dallas
Delhi Denver Dresden Dublin Edinburgh Florence Geneva Ghent Glasgow Hamburg Hanoi Helsinki Houston Istanbul
Jakarta Krakow Kyoto Lagos Lima Lisbon Ljubljana London Lyon Madrid Manila Melbourne Miami Milan Montreal
Mumbai Munich Nairobi Naples Nice Osaka Oslo Ottawa Paris Perth Porto Prague Quebec Reykjavik Riga Rome
Rotterdam Seattle Seoul Seville Singapore Sofia Split Stockholm Sydney Tallinn Tokyo Toronto Turin Valencia
Vancouver Venice Vienna Vilnius Warsaw Wellington Zagreb Zurich""")
COMPANY_TAILS = _list("""Works Labs Software Systems Studio Partners Group Foods Logistics Media Digital
Energy Robotics Cloud Analytics Design Security Travel Health Press Tools Networks Consulting Bank Motors
Interactive Solutions Games Brothers Industries Technologies Printing Furniture Coffee Bakery""")
COMPANY_WORDS = _list("""Bright Blue Clear Copper Crystal Daily Echo Ember Fern Granite Harbor Indigo
Juniper Kite Lantern Lemon Linden Maple Marble Meadow Mint Nimbus North Olive Orbit Paper Pebble Pepper
Pixel Quiet Rapid River Saffron Sage Signal Silver Simple Solid Spark Sparrow Summit Swift Tidal True Velvet
Violet Willow""")
PRODUCT_TAILS = _list("""Board Box Cast Desk Drive Flow Guard Hub Kit Line Link Log Mate Note Pad Path Pay
Pilot Point Port Sense Sheet Sign Stack Sync Track View Ware Wise Works""")
FORBIDDEN = ("Tim Burr", "Slippers", "Mladen", "Marlborough", "Lazic")
SPLITS = {"probe": (0,), "world": (1,), "train": (2, 3, 4, 5, 6, 7)}


def split_of(name: str) -> int:
    """Hash bucket (0-7) of a name: 0 probes only, 1 the invented world, 2-7 training."""
    return zlib.crc32(name.encode()) % 8


class Names:
    """Draws names of one split ("train", "probe" or "world")."""

    def __init__(self, rng: random.Random, split: str = "train") -> None:
        self.rng = rng
        self.buckets = SPLITS[split]

    def draw(self, kind: str) -> str:
        """A fresh name; kinds: person, place, company, product, project, creature, word."""
        make = getattr(self, "_" + kind)
        while True:
            name: str = make()
            if split_of(name) in self.buckets and not any(bad in name for bad in FORBIDDEN):
                return name

    def _syllables(self, low: int, high: int) -> str:
        r = self.rng
        n = r.randint(low, high)
        return "".join(r.choice(ONSETS) + r.choice(VOWELS) + (r.choice(CODAS) if i == n - 1 else "") for i in range(n))

    def _word(self) -> str:
        return self._syllables(2, 3).capitalize()

    def _last(self) -> str:
        r = self.rng.random()
        if r < 0.52:
            return self.rng.choice(LAST_HEADS) + self.rng.choice(LAST_TAILS)
        if r < 0.8:
            return self.rng.choice(FOREIGN_HEADS) + self.rng.choice(FOREIGN_TAILS)
        return self._word()

    def _person(self) -> str:
        first = self.rng.choice(FIRST) if self.rng.random() < 0.88 else self._word()
        return f"{first} {self._last()}"

    def _place(self) -> str:
        if self.rng.random() < 0.65:
            return self.rng.choice(PLACE_HEADS) + self.rng.choice(PLACE_TAILS)
        return self._word()

    def _stem(self) -> str:
        r = self.rng.random()
        if r < 0.45:
            return self.rng.choice(COMPANY_WORDS)
        if r < 0.75:
            return self._last()
        return self._word()

    def _company(self) -> str:
        r = self.rng.random()
        if r < 0.75:
            return f"{self._stem()} {self.rng.choice(COMPANY_TAILS)}"
        if r < 0.85:
            return f"{self._stem()} {self.rng.choice(COMPANY_WORDS)} {self.rng.choice(COMPANY_TAILS)}"
        if r < 0.93:
            return f"{self._last()} & {self._last()}"
        return self._word() + self.rng.choice(PRODUCT_TAILS).lower()

    def _product(self) -> str:
        r = self.rng.random()
        if r < 0.35:
            return self._word() + self.rng.choice(PRODUCT_TAILS)
        if r < 0.8:
            return self.rng.choice(COMPANY_WORDS) + self.rng.choice(PRODUCT_TAILS)
        return f"{self._word()} {self.rng.randint(2, 900)}"

    def _project(self) -> str:
        return "Project " + (
            self.rng.choice(PLACE_HEADS) + self.rng.choice(PLACE_TAILS) if self.rng.random() < 0.5 else self._word()
        )

    def _creature(self) -> str:
        return self._word()
