"""Words whose period does not end a sentence, and words that start one: the parameters of `ctxzip.sentences`.

The decision is Punkt's (Kiss and Strunk, 2006): after an abbreviation a sentence ends only if the next word is one
that sentences like to start with. The lists are our own, for English with the commonest of its neighbours.
"""

from __future__ import annotations

TITLES = frozenset(
    """
    adm al amb approx arts br ca capt cf circa cmdr col cpl cpt d.h dott dr e.g eg eq eqs fig figs fr
    ft gen gov herr hon hr i.e ie ing insp lt maj messrs mlle mme mr mrs ms mt mx nos nr p p.ex ph pp pres prof
    pt ref refs rep resp rev sen sgt sr sra srta st ste supt u.a v viz vol vols vs z.b
    """.split()
)
"""Abbreviations that stand before what they belong to: their period never ends a sentence."""

ABBREVIATIONS = frozenset(
    """
    a.m apr assn assoc aug ave b.a b.sc blvd bros bzw cm co corp d.c dec dept e.u ed eds esp esq est et etc evtl
    feb fri ggf gmbh govt hr hrs hwy inc inkl intl jan jr jul jun kg km lb lbs ltd m.a m.d m.sc mar mfg
    mgr mins misc mm nat natl nov oct orig oz p.m para ph.d prev r.i.p rd rev secs sep sept sp
    spp sq subsp syn tel thu thur thurs trans tue tues u.k u.n u.s univ usw ver wk yr yrs
    """.split()
)
"""Abbreviations that may also be the last word of a sentence."""

STARTERS = frozenset(
    """
    a after again all also although among an and another any are as at because before both but by can despite did do
    does during each even every few finally first following for from furthermore given had has have he hence her
    here his how however i if in instead is it its just last later let like many maybe meanwhile more moreover most
    much my nevertheless no nobody none nor not nothing now of often on once one only or other others our over
    perhaps please second several she should similarly since so some someone sometimes soon such than thanks that
    the their then there therefore these they third this those though through thus to today together tomorrow two
    under until upon was we were what when where whereas whether which while who why will with within without would
    yes yesterday yet you your
    """.split()
)
"""Words that start sentences often, so that a capital on them is a sign after an abbreviation."""

NUMBERED = frozenset(("app", "art", "ch", "ex", "no", "sec", "tab"))
"""Words that are abbreviations only before a number."""
