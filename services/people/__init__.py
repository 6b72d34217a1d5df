"""People of the units: who works where, who hands a shift over, who leaves."""
