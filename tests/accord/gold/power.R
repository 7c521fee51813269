# Simulated studies (tests/accord/gold/power.py) come in; what lavaan and lme4 say of each goes out, summed up as power.
suppressPackageStartupMessages({library(lavaan); library(lme4); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
study <- function(name) read.csv(file.path(arguments[1], paste0(name, ".csv")))
out <- list()
summed <- function(name, d, found, effect) {
  found <- do.call(rbind, found)
  out[[name]] <<- list(sum = sum(d$x, d$y, na.rm = TRUE), power = mean(abs(found[, 1]) > qnorm(.975) * found[, 2]),
    bias = mean(found[, 1]) - effect, coverage = mean(abs(found[, 1] - effect) < qnorm(.975) * found[, 2]),
    se = mean(found[, 2]), sd = sd(found[, 1]))
}

panel <- function(waves) {
  lines <- c(paste("RI_x =~", paste0("1*x", 1:waves, collapse = " + ")), paste("RI_y =~", paste0("1*y", 1:waves, collapse = " + ")),
             "RI_x ~~ RI_x", "RI_y ~~ RI_y", "RI_x ~~ RI_y", "RI_x ~~ 0*wx1 + 0*wy1", "RI_y ~~ 0*wx1 + 0*wy1")
  for (t in 1:waves) {
    same <- function(label) if (t > 1) paste0(label, "*") else ""
    lines <- c(lines, paste0("wx", t, " =~ 1*x", t), paste0("wy", t, " =~ 1*y", t), paste0("x", t, " ~~ 0*x", t),
      paste0("y", t, " ~~ 0*y", t), paste0("x", t, " ~ 1"), paste0("y", t, " ~ 1"), paste0("wx", t, " ~~ ", same("vx"), "wx", t),
      paste0("wy", t, " ~~ ", same("vy"), "wy", t), paste0("wx", t, " ~~ ", same("cxy"), "wy", t))
    if (t > 1) lines <- c(lines, paste0("wx", t, " ~ a*wx", t - 1, " + b*wy", t - 1), paste0("wy", t, " ~ c*wx", t - 1, " + d*wy", t - 1))
  }
  paste(lines, collapse = "\n")
}
d <- study("riclpm")
waves <- max(d$session) + 1
summed("riclpm", d, lapply(split(d, d$run), function(one) {
  wide <- reshape(one[, c("person", "session", "x", "y")], idvar = "person", timevar = "session", direction = "wide", sep = "")
  names(wide) <- c("person", paste0(c("x", "y"), rep(1:waves, each = 2)))
  for (tolerance in c(1e-12, 1e-11, 1e-10, 1e-9)) {
    fit <- suppressWarnings(lavaan(panel(waves), wide, missing = "fiml", int.ov.free = FALSE,
      control = list(iter.max = 1000, eval.max = 2000, rel.tol = tolerance)))
    if (lavInspect(fit, "converged")) break
  }
  stopifnot(lavInspect(fit, "converged"))
  e <- parameterEstimates(fit)
  unlist(e[e$label == "c", c("est", "se")][1, ])
}), -0.15)

d <- study("coupling")
summed("coupling", d, lapply(split(d, d$run), function(one) {
  one$between <- ave(one$x, one$person)
  before <- one[one$session < max(one$session), ]
  now <- one[one$session > 0, ]
  stopifnot(all(before$person == now$person, before$session + 1 == now$session))
  now$before <- before$y
  now$within <- before$x - before$between
  fit <- lmer(y ~ session + before + within + between + (1 | person), now,
    control = lmerControl("bobyqa", optCtrl = list(rhoend = 1e-10), calc.derivs = FALSE))
  coef(summary(fit))["within", 1:2]
}), -0.2)
write_json(out, arguments[2], digits = 12, auto_unbox = TRUE, pretty = TRUE)
