"""What follows from the definitions, given what Azure has now: plans, as frozen values. Pure."""
