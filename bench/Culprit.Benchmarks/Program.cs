using Culprit.Benchmarks;

return args switch
{
    ["patterns", .. var files] => PatternsBenchmark.Run(files),
    ["assign", var input, var output] => AssignPatterns.Run(input, output),
    ["engine"] => EngineBenchmark.Run(null),
    ["engine", var file] => EngineBenchmark.Run(file),
    ["anomaly-latency", var url] => await AnomalyLatency.RunAsync(new Uri(url), 60),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Culprit.Benchmarks VERB ...
          patterns FILE...     lines per second and bytes allocated per line of the pattern miner, one thread
          assign INPUT OUTPUT  writes "id<TAB>pattern" for each line of INPUT, as known after the whole file
          anomaly-latency URL  from the answer to the fifth error to its log.anomaly on the live stream
          engine [FILE]        records per second of parser and pipeline on NDJSON, one thread
        """);
    return 2;
}
