"""The room of affairs: lists, the page of one affair with its moves drawn from the table, opening one, the board of open orders."""
