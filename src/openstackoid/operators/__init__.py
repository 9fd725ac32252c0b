"""The operators: one request in several clouds, and one answer of the same kind.

See docs/reference/operators.md.
"""

from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.report import Outcome, Report
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request, Send

__all__ = [
    "Answer",
    "Evaluation",
    "NoAnswerError",
    "Outcome",
    "Policy",
    "Report",
    "Request",
    "Send",
]
