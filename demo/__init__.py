"""A sample of our own for `bihuan replay`: messages written for the invented 澄湖区, with the moments of the replies."""
