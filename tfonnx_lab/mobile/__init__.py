"""A converted model on a small device: the ORT format, kernels, sizes, and what an accelerator would run.

Every answer prints as text (`str`), shows as HTML (`_repr_html_`) and becomes plain data for `json.dumps` (`to_json()`).
"""
