"""Families of British kings and queens and their kin: who is whose parent, typed from public facts.

Names, years of birth (some of them near 1500 estimates) and parents stand in any encyclopedia; facts are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.own.scene import OwnObject, OwnPair, OwnQuestion, OwnScene, SceneRecord

#: Father and mother -> their children; each person as name, year of birth, f or m where they come first.
_FAMILIES = """
Edward IV 1442 m, Elizabeth Woodville 1437 f: Elizabeth of York 1466 f, Edward V 1470 m
Henry VII 1457 m, Elizabeth of York: Arthur Tudor 1486 m, Margaret Tudor 1489 f, Henry VIII 1491 m, Mary Tudor 1496 f
Henry VIII, Catherine of Aragon 1485 f: Mary I 1516 f
Henry VIII, Anne Boleyn 1501 f: Elizabeth I 1533 f
Henry VIII, Jane Seymour 1508 f: Edward VI 1537 m
James IV 1473 m, Margaret Tudor: James V 1512 m
James V, Mary of Guise 1515 f: Mary Queen of Scots 1542 f
Lord Darnley 1546 m, Mary Queen of Scots: James I 1566 m
James I, Anne of Denmark 1574 f: Henry Frederick 1594 m, Elizabeth Stuart 1596 f, Charles I 1600 m
Charles I, Henrietta Maria 1609 f: Charles II 1630 m, Mary of Orange 1631 f, James II 1633 m, Henrietta 1644 f
William II of Orange 1626 m, Mary of Orange: William III 1650 m
James II, Anne Hyde 1637 f: Mary II 1662 f, Anne 1665 f
James II, Mary of Modena 1658 f: James Stuart 1688 m
James Stuart, Clementina Sobieska 1702 f: Charles Edward Stuart 1720 m, Henry Benedict Stuart 1725 m
Frederick V 1596 m, Elizabeth Stuart: Charles Louis 1617 m, Rupert 1619 m, Sophia of Hanover 1630 f
Ernest Augustus 1629 m, Sophia of Hanover: George I 1660 m, Sophia Charlotte 1668 f
George I, Sophia Dorothea 1666 f: George II 1683 m, Sophia of Prussia 1687 f
Frederick William I 1688 m, Sophia of Prussia: Frederick the Great 1712 m, Louisa Ulrika 1720 f
George II, Caroline of Ansbach 1683 f: Frederick Louis 1707 m, Anne of Orange 1709 f, William of Cumberland 1721 m
Frederick Louis, Augusta of Gotha 1719 f: Augusta of Brunswick 1737 f, George III 1738 m, Caroline Matilda 1751 f
George III, Charlotte of Mecklenburg 1744 f: George IV 1762 m, William IV 1765 m, Edward of Kent 1767 m, Ernest of Hanover 1771 m
Charles of Brunswick 1735 m, Augusta of Brunswick: Caroline of Brunswick 1768 f
George IV, Caroline of Brunswick: Charlotte of Wales 1796 f
Edward of Kent, Victoria of Coburg 1786 f: Victoria 1819 f
Albert 1819 m, Victoria: Victoria of Prussia 1840 f, Edward VII 1841 m, Alice 1843 f, Alfred 1844 m, Helena 1846 f, Louise 1848 f, Arthur 1850 m, Leopold 1853 m, Beatrice 1857 f
Frederick III 1831 m, Victoria of Prussia: William II 1859 m, Sophia of Greece 1870 f
Constantine I 1868 m, Sophia of Greece: George II of Greece 1890 m, Paul of Greece 1901 m
Louis IV of Hesse 1837 m, Alice: Victoria of Hesse 1863 f, Alexandra of Russia 1872 f
Nicholas II 1868 m, Alexandra of Russia: Olga 1895 f, Tatiana 1897 f, Maria 1899 f, Anastasia 1901 f, Alexei 1904 m
Henry of Battenberg 1858 m, Beatrice: Ena of Spain 1887 f
Edward VII, Alexandra of Denmark 1844 f: Albert Victor 1864 m, George V 1865 m, Louise of Fife 1867 f, Maud 1869 f
Haakon VII 1872 m, Maud: Olav V 1903 m
Olav V, Martha of Sweden 1901 f: Ragnhild 1930 f, Astrid 1932 f, Harald V 1937 m
George V, Mary of Teck 1867 f: Edward VIII 1894 m, George VI 1895 m, Mary of Harewood 1897 f, Henry of Gloucester 1900 m, George of Kent 1902 m
George of Kent, Marina of Greece 1906 f: Edward Duke of Kent 1935 m, Alexandra of Kent 1936 f
George VI, Elizabeth Bowes-Lyon 1900 f: Elizabeth II 1926 f, Margaret 1930 f
Louis of Battenberg 1854 m, Victoria of Hesse: Alice of Battenberg 1885 f, Louis Mountbatten 1900 m
Andrew of Greece 1882 m, Alice of Battenberg: Cecilie 1911 f, Philip 1921 m
Philip, Elizabeth II: Charles III 1948 m, Anne Princess Royal 1950 f, Andrew 1960 m, Edward of Edinburgh 1964 m
Antony Armstrong-Jones 1930 m, Margaret: David Linley 1961 m, Sarah Chatto 1964 f
Charles III, Diana Spencer 1961 f: William 1982 m, Harry 1984 m
Mark Phillips 1948 m, Anne Princess Royal: Peter Phillips 1977 m, Zara Tindall 1981 f
"""  # noqa: E501  # one family per line
#: Person -> parents whom no scene shows: they are not in the table, or it has them without this child. What turns on
#: them is not asked, because no scene tells it.
_UNSEEN = MappingProxyType(
    {
        "Lord Darnley": ("Margaret Douglas",),
        "Margaret Douglas": ("Margaret Tudor",),
        "Frederick William I": ("Sophia Charlotte",),
        "Charles of Brunswick": ("Philippine Charlotte",),
        "Philippine Charlotte": ("Frederick William I", "Sophia of Prussia"),
        "Mary of Teck": ("Mary Adelaide",),
        "Mary Adelaide": ("Adolphus of Cambridge",),
        "Adolphus of Cambridge": ("George III", "Charlotte of Mecklenburg"),
        "Constantine I": ("George I of Greece",),
        "Andrew of Greece": ("George I of Greece",),
        "Louis of Battenberg": ("Alexander of Hesse",),
        "Henry of Battenberg": ("Alexander of Hesse",),
    }
)
N_SCENES, N_PERSONS, N_QUESTIONS = 200, 7, 10


@dataclass(frozen=True)
class Person:
    """One person.

    Attributes:
        name: in English.
        born: year.
        sex: "f" or "m".
        parents: names of father and mother; none where the table begins.
    """

    name: str
    born: int
    sex: str
    parents: tuple[str, ...]


class Tree:
    """The whole family tree."""

    @cached_property
    def persons(self) -> dict[str, Person]:
        """Return name -> person, in the table's order."""
        found: dict[str, Person] = {}
        for line in _FAMILIES.strip().splitlines():
            parents, _, children = line.partition(": ")
            names = tuple(self._note(found, text, ()) for text in parents.split(", "))
            for text in children.split(", "):
                self._note(found, text, names)
        return found

    def _note(self, found: dict[str, Person], text: str, parents: tuple[str, ...]) -> str:
        """Note a person who comes first here; return the name."""
        words = text.split()
        if words[-1] in ("f", "m") and words[-2].isdigit():
            name = " ".join(words[:-2])
            found[name] = Person(name, int(words[-2]), words[-1], parents)
            return name
        if text not in found:
            raise KeyError(text)
        return text

    def parents(self, name: str) -> tuple[str, ...]:
        """Return all known parents of a person, of the table or `_UNSEEN`."""
        own = self.persons[name].parents if name in self.persons else ()
        return (*own, *_UNSEEN.get(name, ()))

    def ancestors(self, name: str, within: set[str] | None = None) -> set[str]:
        """Return a person's ancestors; with `within`, those whom a scene of its members tells."""
        if within is None:
            known = self.parents(name)
        else:
            known = tuple(parent for parent in self.persons[name].parents if parent in within)
        return {*known}.union(*(self.ancestors(parent, within) for parent in known))

    def relatives(self, name: str) -> list[str]:
        """Return parents and children, in the table's order."""
        own = self.persons[name].parents
        return [other for other, person in self.persons.items() if other in own or name in person.parents]


def make_ancestor_scenes() -> Iterator[SceneRecord]:
    """Yield scenes of some persons who hang together, with their parents marked, and questions about two of them."""
    tree = Tree()
    for number in range(N_SCENES):
        rng = make_rng(number, "explore", 20)
        names = _grow(tree, rng)
        persons = [tree.persons[name] for name in names]
        objects = tuple(OwnObject(one.name, {"born": one.born, "sex": one.sex}) for one in persons)
        pairs = tuple(
            OwnPair(parent, one.name, {"parent": 1}) for one in persons for parent in one.parents if parent in names
        )
        pairs += tuple(OwnPair(pair.second, pair.first, {"parent": -1}) for pair in pairs)
        yield SceneRecord(OwnScene(f"family {number + 1}", objects, pairs), tuple(_ask(tree, names, rng)))


def _grow(tree: Tree, rng: np.random.Generator) -> list[str]:
    """Return persons who hang together: one, then again and again a parent or child of one who is there."""
    names = [[*tree.persons][int(uniform_integers(rng, len(tree.persons), (1,))[0])]]
    while len(names) < N_PERSONS:
        near = [other for name in names for other in tree.relatives(name) if other not in names]
        names.append(near[int(uniform_integers(rng, len(near), (1,))[0])])
    order = np.argsort(rng.bit_generator.random_raw(len(names)), kind="stable")
    return [names[k] for k in order]


def _ask(tree: Tree, names: list[str], rng: np.random.Generator) -> Iterator[OwnQuestion]:
    """Yield questions about two persons each, as many with yes as with no where there are enough."""
    facts: dict[tuple[str, str], list[OwnQuestion]] = {}
    for first in names:
        for second in names:
            if first != second:
                for kind, holds in _relate(tree, first, second, {*names}):
                    text = f"Is {{{first}}} {_PHRASES[kind]} {{{second}}}?"
                    answer = "yes" if holds else "no"
                    facts.setdefault((kind, answer), []).append(OwnQuestion(text, answer, kind, (first, second)))
    keys, taken = sorted(facts), 0
    while taken < N_QUESTIONS and any(facts.values()):
        for key in keys:
            asked = facts[key]
            if asked and taken < N_QUESTIONS:
                yield asked.pop(int(uniform_integers(rng, len(asked), (1,))[0]))
                taken += 1


_PHRASES = {"ancestor": "an ancestor of", "grandparent": "a grandparent of", "sibling": "a brother or sister of"}


def _relate(tree: Tree, first: str, second: str, names: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield what one person is to another, as far as the persons who are there tell it."""
    known = first in tree.ancestors(second, names)
    if known == (first in tree.ancestors(second)):
        yield "ancestor", known
    grand = {old for parent in tree.parents(second) for old in tree.parents(parent)}
    seen = {old for one in tree.persons[second].parents if one in names for old in tree.persons[one].parents}
    if (first in grand) == (first in seen):
        yield "grandparent", first in seen
    shared = {*tree.parents(first)} & {*tree.parents(second)}
    told = {*tree.persons[first].parents} & {*tree.persons[second].parents} & names
    if bool(shared) == bool(told):
        yield "sibling", bool(shared)
