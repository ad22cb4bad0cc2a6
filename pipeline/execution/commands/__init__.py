"""The commands: survey, plan, hand the plan to the runner, say what is true."""
