# Moments of Holzinger & Swineford 1939 (lavaan's data) by school, and simulated dyads of two sides (invariance.py) come in;
# lavaan's fit of configural to strict models, and of factor models on two levels, goes out as JSON.
suppressPackageStartupMessages({library(lavaan); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
measures <- c("chisq", "df", "cfi", "rmsea", "bic", "logl")
items <- paste0("x", 1:9)
schools <- unique(as.character(HolzingerSwineford1939$school))
moments <- lapply(split(HolzingerSwineford1939[items], HolzingerSwineford1939$school)[schools], function(d)
  list(n = nrow(d), mean = unname(colMeans(d)), covariance = unname(cov(d) * (nrow(d) - 1) / nrow(d))))
model <- "visual =~ x1 + x2 + x3\n textual =~ x4 + x5 + x6\n speed =~ x7 + x8 + x9"
equal <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"))
d <- HolzingerSwineford1939
fits <- lapply(equal, function(e) cfa(model, d, group = "school", group.equal = e, meanstructure = TRUE, information = "observed"))
scalar <- parameterEstimates(fits$scalar)
means <- scalar[scalar$op == "~1" & scalar$lhs %in% c("visual", "textual", "speed") & scalar$group == 2, ]
whole <- parameterEstimates(cfa(model, d))
omega <- sapply(c("visual", "textual", "speed"), function(f) {
  l <- whole$est[whole$lhs == f & whole$op == "=~"]; v <- whole$est[whole$lhs == f & whole$op == "~~" & whole$rhs == f]
  r <- whole$est[whole$op == "~~" & whole$lhs == whole$rhs & whole$lhs %in% whole$rhs[whole$lhs == f & whole$op == "=~"]]
  sum(l)^2 * v / (sum(l)^2 * v + sum(r)) })
out <- list(groups = list(moments = unname(moments), fits = lapply(fits, function(f) as.list(fitMeasures(f, measures))),
  means = means$est, means_se = means$se, omega = as.list(omega)))

d <- read.csv(file.path(arguments[1], "sides.csv"))
side <- function(s, step) {
  n <- function(k, at) if (match(step, names(equal)) >= match(at, names(equal))) paste0(k, "*") else ""
  c(paste0("f", s, " =~ 1*", s, "1 + ", n("l2", "metric"), s, "2 + ", n("l3", "metric"), s, "3 + ", n("l4", "metric"), s, "4"),
    paste0(s, 1:4, " ~ ", sapply(paste0("i", 1:4), n, "scalar"), "1"), paste0(s, 1:4, " ~~ ", sapply(paste0("r", 1:4), n, "strict"), s, 1:4),
    if (s == "t") paste0("f", s, " ~ ", if (match(step, names(equal)) >= 3) "NA*1" else "0*1"))
}
fits <- lapply(names(equal), function(step) cfa(paste(c(side("c", step), side("t", step), paste0("c", 1:4, " ~~ t", 1:4)), collapse = "\n"),
  d, missing = "fiml"))
names(fits) <- names(equal)
scalar <- parameterEstimates(fits$scalar)
out$sides <- list(sum = sum(d, na.rm = TRUE), fits = lapply(fits, function(f) as.list(fitMeasures(f, measures))),
  mean = scalar$est[scalar$lhs == "ft" & scalar$op == "~1"], mean_se = scalar$se[scalar$lhs == "ft" & scalar$op == "~1"])

d <- read.csv(file.path(arguments[1], "levels.csv"))
f <- cfa("level: 1\n fw =~ i1 + i2 + i3 + i4\n level: 2\n fb =~ i1 + i2 + i3 + i4", d, cluster = "person")
e <- parameterEstimates(f)
of_level <- function(k) { e <- e[e$level == k, ]; l <- sum(e$est[e$op == "=~"]); r <- e[e$op == "~~" & e$lhs == e$rhs, ]
  v <- l^2 * r$est[grepl("^f", r$lhs)]; v / (v + sum(r$est[!grepl("^f", r$lhs)])) }
out$levels <- list(sum = sum(d), within = of_level(1), between = of_level(2))
write_json(out, arguments[2], digits = 12, auto_unbox = TRUE, pretty = TRUE)
