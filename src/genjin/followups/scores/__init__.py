"""Scores that stand (FU8): the chain they are appended to, its keys, marks, words and figures.

`keys` what signs · `chain` appending and reading links · `sealing` the words beside a score ·
`marks` what this machine and places outside remember of the chain's end · `verifying` the walk
over all · `questions` what is asked · `queries` who may see which score. The writers that screens
call stand in `followups/operations/{scores,surveys}.py`.
"""
