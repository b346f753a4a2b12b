"""Does what `compress(query=…)` keeps still hold the answer, against peers at the same tokens?"""
