# Simulated studies (tests/accord/gold/studies.py) come in; what R estimates goes out as JSON, an entry a model.
suppressPackageStartupMessages({library(lavaan); library(lme4); library(nnet); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
study <- function(name) read.csv(file.path(arguments[1], paste0(name, ".csv")))
out <- list()
keep <- function(name, data, ...) out[[name]] <<- c(list(sum = sum(data, na.rm = TRUE)), list(...))
tight <- lmerControl("bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5), calc.derivs = FALSE)
table <- function(fit) { s <- coef(summary(fit)); list(estimate = as.list(setNames(s[, 1], rownames(s))), se = as.list(setNames(s[, 2], rownames(s)))) }

# The surface: lm, and lmer with dyads; a1 to a5 with k'Vk.
d <- study("agreeing")
sums <- rbind(a1 = c(0, 1, 1, 0, 0, 0), a2 = c(0, 0, 0, 1, 1, 1), a3 = c(0, 1, -1, 0, 0, 0), a4 = c(0, 0, 0, 1, -1, 1), a5 = c(0, 0, 0, 1, 0, -1))
of_surface <- function(b, v) list(a = as.list((sums %*% b)[, 1]), a_se = as.list(sqrt(diag(sums %*% v %*% t(sums)))))
f <- lm(z ~ x + y + I(x^2) + I(x * y) + I(y^2), d)
keep("surface", d, b = unname(coef(f)), se = unname(coef(summary(f))[, 2]), surface = of_surface(coef(f), vcov(f)), r2 = summary(f)$r.squared)
f <- lmer(z ~ x + y + I(x^2) + I(x * y) + I(y^2) + (1 | dyad), d, control = tight)
keep("surface_dyads", d, b = unname(fixef(f)), se = unname(coef(summary(f))[, 2]), surface = of_surface(fixef(f), as.matrix(vcov(f))))

# Actor and partner: lavaan with what is missing, and lmer over sessions.
d <- study("couples")
model <- "yc ~ actor_c*xc + partner_c*xt\n yt ~ actor_t*xt + partner_t*xc\n yc ~~ yt\n xc ~~ xt"
alike <- "yc ~ a*xc + p*xt\n yt ~ a*xt + p*xc\n yc ~~ yt\n xc ~~ xt"
f <- sem(model, d, missing = "fiml", fixed.x = FALSE, meanstructure = TRUE, control = list(rel.tol = 1e-11))
g <- sem(alike, d, missing = "fiml", fixed.x = FALSE, meanstructure = TRUE)
e <- parameterEstimates(f); e <- e[e$label != "", ]
keep("actor_partner", d, estimate = as.list(setNames(e$est, e$label)), se = as.list(setNames(e$se, e$label)),
  loglik = as.numeric(logLik(f)), equal_chi2 = as.numeric(2 * (logLik(f) - logLik(g))),
  correlation = with(parameterEstimates(f), est[lhs == "yc" & rhs == "yt"] / sqrt(est[lhs == "yc" & rhs == "yc"] * est[lhs == "yt" & rhs == "yt"])))
d <- study("couples_over_time")
for (v in c("xc", "xt")) { m <- ave(d[[v]], d$dyad); d[[paste0(v, "w")]] <- d[[v]] - m; d[[paste0(v, "b")]] <- m - mean(m) }
long <- rbind(data.frame(dyad = d$dyad, y = d$yc, c = 1, t = 0, ow = d$xcw, pw = d$xtw, ob = d$xcb, pb = d$xtb),
              data.frame(dyad = d$dyad, y = d$yt, c = 0, t = 1, ow = d$xtw, pw = d$xcw, ob = d$xtb, pb = d$xcb))
f <- lmer(y ~ 0 + c + t + c:ow + c:pw + c:ob + c:pb + t:ow + t:pw + t:ob + t:pb + (0 + c + t | dyad), long, control = tight)
keep("actor_partner_sessions", study("couples_over_time"), fit = table(f), loglik = as.numeric(logLik(f)), rows = nobs(f))

# Therapists: a random intercept, its predictions and their variances; the profile interval of the variance.
for (name in c("clients", "no_spread")) {
  d <- study(name)
  f <- lmer(y ~ intake + (1 | therapist), d, control = tight)
  r <- ranef(f, condVar = TRUE)$therapist
  keep(name, d, fixed = unname(fixef(f)), var_therapist = as.numeric(VarCorr(f)$therapist), var_residual = sigma(f)^2,
    effects = unname(r[, 1]), se = sqrt(as.numeric(attr(r, "postVar"))), loglik = as.numeric(logLik(f)))
}
set.seed(1)
d <- study("clients")
long <- do.call(rbind, lapply(1:4, function(k) transform(d, session = k, z = y + sin(client * 7 + k) )))
f <- lmer(z ~ intake + (1 | therapist / client), long, control = tight)
v <- as.data.frame(VarCorr(f))
keep("clients_sessions", long[, c("z", "intake")], fixed = unname(fixef(f)), variance = setNames(as.list(v$vcov), v$grp), effects = unname(ranef(f)$therapist[, 1]), loglik = as.numeric(logLik(f)))

# Dropout: glm with an indicator for each session, both links; a competing ending by multinom.
d <- study("leaving")
for (link in c("logit", "cloglog")) {
  f <- glm(event ~ 0 + factor(time) + alliance, binomial(link), d, control = glm.control(epsilon = 1e-14, maxit = 100))
  keep(paste0("hazard_", link), d, fit = table(f), loglik = as.numeric(logLik(f)))
  f <- glm(event ~ time + log(time) + alliance, binomial(link), d, control = glm.control(epsilon = 1e-14, maxit = 100))
  keep(paste0("hazard_smooth_", link), d, fit = table(f), loglik = as.numeric(logLik(f)))
}
d <- study("competing")
f <- multinom(event ~ time + log(time) + alliance, d, reltol = 1e-14, maxit = 1000, trace = FALSE, Hess = TRUE)
keep("hazard_competing", d, estimate = unname(coef(f)), se = unname(summary(f)$standard.errors), loglik = as.numeric(logLik(f)))

# The expected course: growth on log(session + 1) by intake.
d <- study("trial_from_intake")
d$log <- log(d$session + 1)
f <- lmer(bai ~ log + intake + intake:log + (1 + log | patient), d, control = tight)
v <- as.data.frame(VarCorr(f))
keep("expected", d[, c("bai", "intake")], fixed = unname(fixef(f)), se = unname(coef(summary(f))[, 2]), variances = v$vcov, loglik = as.numeric(logLik(f)))
write_json(out, arguments[2], digits = 12, auto_unbox = TRUE, pretty = TRUE)
