"""What tests share: real databases, a town full of people, real processes, and a second opinion on what is sound."""
