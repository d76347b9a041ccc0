using Culprit.Benchmarks;

return args switch
{
    ["patterns", .. var files] => PatternsBenchmark.Run(files),
    ["assign", var input, var output, .. var settings] => AssignPatterns.Run(input, output, settings),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Culprit.Benchmarks VERB ...
          patterns FILE...     lines per second and bytes allocated per line of the pattern miner, one thread
          assign INPUT OUTPUT [SETTING=N...]  writes "id<TAB>pattern" for each line of INPUT, as known after the whole file
        """);
    return 2;
}
