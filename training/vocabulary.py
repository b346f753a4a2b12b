"""Write the vocabulary file that counts `o200k_base` without loading a tokenizer, from the tokenizer's own tables.

python -m training.vocabulary models/vocabulary/o200k_base.bin
"""

from __future__ import annotations

import sys
from pathlib import Path

from ctxzip.models.byte_pairs import write_vocabulary


def main() -> None:
    """Write the file that the command line names."""
    from toktok import _encoding

    tokens = _encoding("o200k_base")
    specials = {text.encode() for text in tokens.special_tokens_set}
    ordinary = [token for token in tokens.token_byte_values() if bytes(token) not in specials]
    by_rank = sorted(map(bytes, ordinary), key=tokens.encode_single_token)
    if [tokens.encode_single_token(token) for token in by_rank] != list(range(len(by_rank))):
        raise SystemExit("the ranks have gaps")
    Path(sys.argv[1]).write_bytes(write_vocabulary(by_rank))


if __name__ == "__main__":
    main()
