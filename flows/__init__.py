"""The loop, as a 网格中心 clerk would tell it: six steps, clocks, messages, and the engine that keeps them going."""
