"""Public text speaks as scikit-learn, PyTorch and the papers do: words that only this project used stay out.

`WORDS` has the words and what to write instead, `CHECKED` the files. In Python files comments, docstrings and
other strings are checked; in notebooks the text and the comments; elsewhere every line that is no doctest.
"""

import io
import json
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: globs of checked files; to come: sknn/**/*.py
CHECKED = (
    "README.md",
    "CONTRIBUTING.md",
    "CODE_OF_CONDUCT.md",
    "sknn/**/*.py",
    "CHANGELOG.md",
    "docs/*.rst",
    "docs/api/*.rst",
    "docs/guide/*.rst",
    "docs/tour/*.rst",
    "docs/gallery/*",
    "docs/notebooks/*.ipynb",
)

#: regular expression -> what to write instead
WORDS = {
    # data
    r"raw tables?|(on|for|of|in|beside|small|large|wide) tables\b|tables (and|or|with)|table with categ": "tabular data",
    r"(estimators?|networks?|layers?) (of|for) tables?\b": "tabular estimators, layers for tabular data",
    r"gaps?": "missing values",
    r"categories,? (and )?(gaps|numbers)|numbers,? (and )?categories|columns? of (categories|numbers)": "categorical, numerical features",
    r"sets of (classes|numbers)|numbers as targets|classes and numbers": "classification, regression data sets",
    r"(training|test|validation|predicted|more|flat) rows?|rows? of X": "sample",
    r"hold(s|ing)? out|held[- ]out|(?<!\")holdout(?!\")": "validation set, validation fold, out-of-fold",
    # embeddings and ensembles
    r"waves?": "periodic embedding, frequencies; learning-rate cycles; sine",
    r"bends?|lines? that bend": "piecewise linear, breakpoints",
    r"kinks?": "breakpoints",
    r"steps? at thresholds?|say whether (a number|numbers) exceeds?": "threshold features",
    r"fading|fades?": "annealing",
    r"(the|a|as large a|what|fixed) share|shares? of": "fraction",
    r"in (a )?bags?( and stacks)?|bags, stacks": "bagging, stacking",
    # training
    r"goes? on from|trains? on from|trains on to": "continues training from",
    r"most epochs|largest norm": "maximum number of epochs, maximum norm",
    r"of equal (scores|epochs)": "ties are broken by",
    r"slopes?": "gradients, derivatives",
    r"(derivatives?|loss) by (each|every|all|the)": "gradients with respect to",
    r"courses? of the (learning rate|step size)": "learning-rate schedule",
    # images
    r"places|at (each|every|the same) place|best place": "spatial positions",
    r"(hangs?|stands?|standing) over": "partial window, overhang",
    r"turned|turned round": "flipped, transposed, rotated",
    r"sweep(s|ing)?|swept": "sliding-window inference",
    r"reading strips|strips? .{0,20}\bread\b": "sequence decoding",
    r"behind": "after, followed by",
    r"(that )?(have|has) a name": "preset",
    r"tta": "test-time augmentation",
    # headings
    r"the same result again|keeping a model|piece by piece|when it goes wrong": "reproducibility, model persistence, ...",
    r"storeys?|the house|way of a row": "layers of the architecture, package layout, data flow",
    r"twins?": "reference implementation",
    # American spelling
    r"\w*(regulari|normali|standardi|initiali|minimi|maximi|optimi|penali|summari|parametri|generali|organi|utili)s(e|es|ed|ing|ation|ations)": "-ize, -ization",
    r"(un)?(behaviour|colour|neighbour|favour)\w*|gr(e)y|centred?|centres|labelled|modelled|tumours?|cheques?|judgement": "American spelling",
}
#: what is allowed all the same
ALLOWED = (
    r":ref:`(initialisation|batch-normalisation)`",  # labels
    r"^\.\. _(initialisation|batch-normalisation):",
    r"takes? place|takes? (its|the) place|in (its|their|the) place of",
    r"share of the cores",
    r"in \d+ places",
)
PATTERNS = {re.compile(rf"\b({words})\b", re.I): instead for words, instead in WORDS.items()}
#: what all of them look for, so that most lines are looked at once
ANY = re.compile("|".join(pattern.pattern for pattern in PATTERNS), re.I)
EXCEPTIONS = re.compile("|".join(ALLOWED), re.I)


def text_of_python(source):
    """(line, text) of comments and strings."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in kinds:
            for number, line in enumerate(token.string.splitlines()):
                yield token.start[0] + number, line


def text_of(path):
    """(line or cell, text) of what a reader reads."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from text_of_python(source)
    elif path.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(source)["cells"]):
            text = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                yield number, text
            else:
                yield from ((number, line) for _, line in text_of_python(text))
    else:
        for number, line in enumerate(source.splitlines(), start=1):
            if not line.lstrip().startswith((">>>", "... ")):
                yield number, line


@pytest.mark.parametrize("glob", CHECKED)
def test_words(glob):
    paths = [path for path in sorted(ROOT.glob(glob)) if path.is_file()]
    found = [
        f"{path.name}:{number}: {match[0]!r}, better {instead}: {line.strip()[:100]}"
        for path in paths
        for number, line in text_of(path)
        if ANY.search(line)
        for pattern, instead in PATTERNS.items()
        for match in pattern.finditer(EXCEPTIONS.sub("", line))
    ]
    assert not found, "\n" + "\n".join(found)


def test_private_words_are_found():
    assert any(pattern.search("raw tables with gaps") for pattern in PATTERNS)
    assert not any(pattern.search("tabular data with missing values") for pattern in PATTERNS)
