"""The raceway command and the all-in-one composition."""
