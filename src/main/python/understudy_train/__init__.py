"""The training job of Understudy: a LoRA adapter for a small model, from rows that the gateway has rendered.

The gateway starts it as a child process (``python -m understudy_train JOB``) and follows its standard output, one JSON
object a line. Read in this order: ``recipe`` (what is trained, and how long), ``rows`` (what it is trained on),
``packing`` (a batch as one sequence), ``job`` (base, adapter, steps). Only the last two need the trainer's packages.
"""
