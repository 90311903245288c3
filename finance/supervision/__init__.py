"""Supervision (监督, R2.21–R2.25): findings followed until they are mended, questions, annotations, samples, scores,
and audits at the end of a term."""
