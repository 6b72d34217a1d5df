"""Pages for people: the inbox, the fault switches, answering by SMS. They work without scripts."""
