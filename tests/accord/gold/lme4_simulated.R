# Simulated studies (tests/accord/mixed_data.py) come in; what lme4 and nlme estimate goes out as JSON.
# Each study is fitted with several optimisers at tight tolerances; the highest likelihood is kept.
suppressPackageStartupMessages({library(lme4); library(nlme); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
recipes <- read.csv(file.path(arguments[1], "recipes.csv"))

best <- function(fits) {
  fits <- Filter(function(f) !is.null(f), fits)
  if (length(fits) == 0) return(NULL)
  fits[[which.max(sapply(fits, function(f) as.numeric(logLik(f))))]]
}
attempt <- function(expression) tryCatch(suppressWarnings(suppressMessages(expression)), error = function(e) NULL)

with_lme4 <- function(d, shape, reml) {
  slope <- grepl("slope", shape)
  formula <- if (grepl("therapist", shape)) {
    if (slope) y ~ time + (1 + time | person) + (1 | therapist) else y ~ time + (1 | person) + (1 | therapist)
  } else if (slope) y ~ time + (1 + time | person) else y ~ time + (1 | person)
  controls <- list(
    lmerControl("bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5), calc.derivs = FALSE),
    lmerControl("nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, maxeval = 1e5), calc.derivs = FALSE),
    lmerControl("Nelder_Mead", optCtrl = list(maxfun = 1e5), calc.derivs = FALSE))
  if (nrow(d) > 5000) controls <- controls[1:2]
  fit <- best(lapply(controls, function(control) attempt(lmer(formula, d, REML = reml, control = control))))
  v <- VarCorr(fit)
  p <- as.matrix(v$person)
  out <- list(by = "lme4", loglik = as.numeric(logLik(fit)), fixed = unname(fixef(fit)),
    se = unname(sqrt(diag(as.matrix(vcov(fit))))), var_intercept = p[1, 1], var_residual = sigma(fit)^2)
  if (slope) { out$var_slope <- p[2, 2]; out$cov <- p[1, 2] }
  if (!is.null(v$therapist)) out$var_therapist <- as.matrix(v$therapist)[1, 1]
  effects <- ranef(fit, condVar = TRUE)
  first <- effects$person[c("0", "1"), , drop = FALSE]
  spread <- attr(effects$person, "postVar")[, , match(c("0", "1"), rownames(effects$person)), drop = FALSE]
  out$blup <- unname(as.matrix(first))
  out$blup_se <- t(sqrt(apply(spread, 3, function(m) diag(as.matrix(m)))))
  if (!slope) out$blup_se <- t(out$blup_se)
  out
}

with_nlme <- function(d, shape, reml) {
  slope <- grepl("slope", shape)
  d <- d[order(d$person, d$time), ]
  d$step <- as.integer(round(d$time))
  correlations <- if (grepl("car1", shape)) list(corCAR1(0.3, ~ time | person), corCAR1(0.05, ~ time | person))
                  else list(corAR1(0.3, ~ step | person), corAR1(0.0, ~ step | person))
  random <- if (slope) ~ time | person else ~ 1 | person
  fits <- list()
  for (correlation in correlations) for (engine in c("nlminb", "optim")) {
    control <- lmeControl(maxIter = 500, msMaxIter = 500, msMaxEval = 5000, tolerance = 1e-10, msTol = 1e-12,
                          niterEM = 50, opt = engine)
    fits <- c(fits, list(attempt(lme(y ~ time, d, random, correlation, method = if (reml) "REML" else "ML",
                                     control = control))))
  }
  fit <- best(fits)
  if (is.null(fit)) return(list(by = "nlme", failed = TRUE))
  p <- getVarCov(fit)
  out <- list(by = "nlme", loglik = as.numeric(logLik(fit)), fixed = unname(fixef(fit)), var_intercept = p[1, 1],
    var_residual = fit$sigma^2, phi = unname(coef(fit$modelStruct$corStruct, unconstrained = FALSE)))
  if (slope) { out$var_slope <- p[2, 2]; out$cov <- p[1, 2] }
  out
}

results <- list()
for (k in seq_len(nrow(recipes))) {
  r <- recipes[k, ]
  d <- read.csv(file.path(arguments[1], paste0(r$seed, ".csv")))
  d$person <- factor(d$person); d$therapist <- factor(d$therapist)
  fit <- if (grepl("ar1", r$shape)) with_nlme else with_lme4
  result <- fit(d, r$shape, r$method == "REML")
  results[[as.character(r$seed)]] <- c(list(rows = nrow(d), sum_y = sum(d$y)), result)
  cat(r$seed, r$shape, r$method, nrow(d), result$loglik, "\n")
}
write_json(results, arguments[2], digits = 10, auto_unbox = TRUE, pretty = TRUE)
