"""Words whose period does not end a sentence, and words that start one: the parameters of `ctxzip.sentences`.

The decision is Punkt's (Kiss and Strunk, 2006): after an abbreviation a sentence ends only if the next word is one
that sentences like to start with. The lists are our own, for English with the commonest of its neighbours.
"""

from __future__ import annotations

TITLES = frozenset(
    "mr mrs ms mx dr prof rev hon gen col lt maj capt cpt cmdr sgt cpl gov sen rep pres st ste mt ft messrs mme mlle"
    " sr sra srta dott ing fr br herr hr supt insp amb adm vs v cf viz art arts fig figs eq eqs sec ch no nos nr vol vols"
    " pp p pt ex app tab ref refs resp approx ca circa al e.g i.e eg ie z.b d.h u.a p.ex ph".split()
)
"""Abbreviations that stand before what they belong to: their period never ends a sentence."""

ABBREVIATIONS = frozenset(
    "jr inc ltd co corp bros dept dept univ assn assoc ave blvd rd hwy etc ed eds esp est et ext hrs hr min mins secs"
    " lb lbs oz kg km cm mm sq jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri"
    " sat sun a.m p.m am pm u.s u.k u.n e.u d.c ph.d m.d b.a m.a b.sc m.sc r.i.p esq gmbh mfg mgr max misc orig"
    " prev rev tel trans ver wk yr yrs bzw usw evtl ggf inkl nat natl intl int govt spp sp subsp syn par para".split()
)
"""Abbreviations that may also be the last word of a sentence."""

STARTERS = frozenset(
    "a after again all also although among an and another any are as at because before both but by can despite did do"
    " does during each even every few finally first following for from furthermore given had has have he hence her here"
    " his how however i if in instead is it its just last later let like many maybe meanwhile more moreover most much my"
    " nevertheless no nobody none nor not nothing now of often on once one only or other others our over perhaps please"
    " second several she should similarly since so some someone sometimes soon such than thanks that the their then"
    " there therefore these they third this those though through thus to today together tomorrow two under until upon"
    " was we were what when where whereas whether which while who why will with within without would yes yesterday yet"
    " you your".split()
)
"""Words that start sentences often, so that a capital on them is a sign after an abbreviation."""
