@rem The shell of npm scripts on Windows has no exec: this runs the command that follows it. See docs/decisions/0008-start.md.
@%*
