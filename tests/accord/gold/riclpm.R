# Two scores of several waves (tests/accord/gold/riclpm.py) come in; what lavaan estimates goes out as JSON.
# The random-intercept cross-lagged panel model of Hamaker et al. 2015, free and constrained, by full information.
suppressPackageStartupMessages({library(lavaan); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)

model <- function(waves, constrained) {
  lines <- c(paste("RI_x =~", paste0("1*x", 1:waves, collapse = " + ")), paste("RI_y =~", paste0("1*y", 1:waves, collapse = " + ")),
             "RI_x ~~ RI_x", "RI_y ~~ RI_y", "RI_x ~~ RI_y")
  for (t in 1:waves) {
    equal <- function(label) if (constrained && t > 1) paste0(label, "*") else ""
    lines <- c(lines, paste0("wx", t, " =~ 1*x", t), paste0("wy", t, " =~ 1*y", t),
      paste0("x", t, " ~~ 0*x", t), paste0("y", t, " ~~ 0*y", t), paste0("x", t, " ~ 1"), paste0("y", t, " ~ 1"),
      paste0("wx", t, " ~~ ", equal("vx"), "wx", t), paste0("wy", t, " ~~ ", equal("vy"), "wy", t),
      paste0("wx", t, " ~~ ", equal("cxy"), "wy", t),
      paste0("RI_x ~~ 0*wx", 1), paste0("RI_x ~~ 0*wy", 1), paste0("RI_y ~~ 0*wx", 1), paste0("RI_y ~~ 0*wy", 1))
    if (t > 1) lines <- c(lines,
      paste0("wx", t, " ~ ", equal("a"), "wx", t - 1, " + ", equal("b"), "wy", t - 1),
      paste0("wy", t, " ~ ", equal("c"), "wx", t - 1, " + ", equal("d"), "wy", t - 1))
  }
  unique(lines)
}

out <- list()
for (file in list.files(arguments[1], "csv$", full.names = TRUE)) {
  d <- read.csv(file)
  name <- sub(".csv$", "", basename(file))
  waves <- ncol(d) / 2
  for (kind in c("free", "constrained")) {
    for (tolerance in c(1e-12, 1e-10)) {
      fit <- suppressWarnings(lavaan(paste(model(waves, kind == "constrained"), collapse = "\n"), d, missing = "fiml",
        int.ov.free = FALSE, em.h1.tol = 1e-9, em.h1.iter.max = 2000,
        control = list(iter.max = 1000, eval.max = 2000, rel.tol = tolerance)))
      if (lavInspect(fit, "converged")) break
    }
    if (!lavInspect(fit, "converged")) { cat(name, kind, "lavaan does not converge\n"); next }
    e <- parameterEstimates(fit)
    e <- e[e$se > 0, ]
    e$name <- gsub("^w|(?<=~)w", "", paste0(e$lhs, e$op, e$rhs), perl = TRUE)
    m <- fitMeasures(fit, c("logl", "chisq", "df", "cfi", "rmsea", "npar"))
    out[[paste(name, kind, sep = ": ")]] <- list(sum = sum(d, na.rm = TRUE), converged = lavInspect(fit, "converged"),
      fit = as.list(m),
      estimate = as.list(setNames(e$est, e$name)), se = as.list(setNames(e$se, e$name)))
    cat(name, kind, m, "\n")
  }
}
write_json(out, arguments[2], digits = 12, auto_unbox = TRUE, pretty = TRUE)
