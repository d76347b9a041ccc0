using Culprit.Benchmarks;

return args switch
{
    ["formats", .. var files] => FormatSpeed.Run(files),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Culprit.Benchmarks VERB ...
          formats FILE...      records per second and bytes allocated per record of reading log files, one thread
        """);
    return 2;
}
