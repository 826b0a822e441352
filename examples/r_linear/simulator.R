# A line through five points with noise. One simulation a line: index, seed, parameters; the answer
# begins with the index. An empty line ends a batch: all answers must be out by then.
simulate <- function(theta) {
  at <- seq(-1, 1, length.out = 5)
  theta[1] + theta[2] * at + rnorm(5, sd = 0.2)
}

input <- file("stdin", open = "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  if (!nzchar(line)) {
    flush(stdout())
    next
  }
  fields <- strsplit(line, " ")[[1]]
  # R's seeds are 31-bit whole numbers.
  set.seed(as.numeric(fields[2]) %% 2147483647)
  x <- simulate(as.numeric(fields[-(1:2)]))
  cat(fields[1], format(x, digits = 9, scientific = TRUE), "\n")
}
