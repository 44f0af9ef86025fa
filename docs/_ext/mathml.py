"""Formulas as MathML, which browsers show by themselves: no script, no font and no network needed."""

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def inline(self, node):
    self.body.append(to_mathml(node, as_block=False))
    raise nodes.SkipNode


def block(self, node):
    self.body.append(f'<div class="formula">{to_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def to_mathml(node, as_block):
    code = node.astext()
    try:
        return latex2mathml.tex2mathml(code, as_block=as_block)
    except MathError as error:
        logger.warning("formula %r: %s", code, error, location=node)
        return f"<code>{code}</code>"


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
