"""Who is responsible for this place and this matter today, and what stands behind it (责任书, 多格合一, A/B 角, 五大员, 三亮).

`asking` is the one question; `entering` reads the tables; `gaps` says what is missing; `grids`, `staffing`, `offices` and `profiles` are
what lies on a grid and what the public sees; `watching` tells whom it concerns, `news` the five offices of what goes on beside the loop.
"""
