using Culprit.Benchmarks;
using Culprit.Benchmarks.Exam;
using Culprit.Benchmarks.Patterns;
using Culprit.Benchmarks.Storage;
using Culprit.Engine.Flows;

return args switch
{
    ["patterns", .. var files] => PatternsBenchmark.Run(files),
    ["assign", var input, var output, .. var settings] => AssignPatterns.Run(input, output, settings),
    ["accuracy", var folder, .. var settings] => AccuracyBenchmark.Run(folder, settings),
    ["flows", var input, var output, .. var settings] => FlowsBenchmark.Run(input, output, settings),
    ["patterns-hostile", .. var only] => HostilePatterns.Run(only.FirstOrDefault() ?? ""),
    ["leave-half-out", var folder] => LeaveHalfOut.Run(folder),
    ["engine", "--flows", .. var file] => EngineBenchmark.Run(file.FirstOrDefault(), new FlowOptions()),
    ["engine", "--no-flows", .. var file] => EngineBenchmark.Run(file.FirstOrDefault(), null),
    ["engine"] => EngineBenchmark.Run(null, FlowOptions.Live),
    ["engine", var file] => EngineBenchmark.Run(file, FlowOptions.Live),
    ["anomaly-latency", var url] => await AnomalyLatency.RunAsync(new Uri(url), 60),
    ["decoders"] => DecoderSpeed.Run(),
    ["formats", .. var files] => FormatSpeed.Run(files),
    ["topology", .. var folders] => await TopologyAccuracy.RunAsync(folders),
    ["admission"] => AdmissionCost.Run(),
    ["exam", .. var rest] => ExamCommand.Run(rest),
    ["store"] => await MeasureStoreAsync(),
    ["store-postgres", var url, .. var rows] => await PostgresMeasurement.RunAsync(
        url, rows is [var n] ? int.Parse(n, System.Globalization.CultureInfo.InvariantCulture) : 10_000_000, Console.Out),
    ["store-queries", .. var rows] => await MeasureQueriesAsync(rows is [var n] ? int.Parse(n, System.Globalization.CultureInfo.InvariantCulture) : 10_000_000),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Culprit.Benchmarks VERB ...
          patterns FILE...     lines per second and bytes allocated per line of the pattern miner, one thread
          assign INPUT OUTPUT [SETTING=N...]
                               writes "id<TAB>pattern" for each line of INPUT, as known after the whole file
          accuracy FOLDER|- [--mistakes] [SETTING=N...]
                               agreement with labelled CSV files (Content, EventId, EventTemplate), as written and made
                               blind for masks, and with generated styles; - for the styles alone
          flows INPUT OUTPUT [SETTING=N...]
                               records per second and bytes a session of following sessions; their verdicts go to OUTPUT
          patterns-hostile [NAME]
                               the same with 10,000 patterns and with lines made to hurt, with the memory that a miner holds;
                               NAME is part of a measurement's name
          leave-half-out FOLDER
                               thresholds chosen on half of the labelled systems, measured on the other half; ablations
          engine [--flows | --no-flows] [FILE]
                               records per second of parser and pipeline on NDJSON, one thread; --flows follows all requests instead of a sample
          decoders             records per second of decoding the body of each protocol, beside POST /events, one thread
          formats FILE...      records per second and bytes allocated per record of reading log files, one thread
          topology FOLDER...   precision and recall of the service graph from logs against that of the spans
          admission            nanoseconds per record of admission rules and sampling, one thread
          store                rows per second, bytes per row and query times of the embedded record store
          store-postgres URL [ROWS]
                               rows per second, bytes per row and query times in an empty PostgreSQL database (default 10,000,000)
          store-queries [ROWS] questions over five hours of records (default 10,000,000) while 10,000 a second are written
          exam VERB ...        simulated systems and faults, and how the engine does on them
          anomaly-latency URL  from the answer to the fifth error to its log.anomaly on the live stream
        """);
    return 2;
}

static async Task<int> MeasureQueriesAsync(int rows)
{
    await QueriesUnderWrites.RunAsync(rows, Console.Out);
    return 0;
}

static async Task<int> MeasureStoreAsync()
{
    await RecordStoreMeasurement.RunAsync(2_000_000, Console.Out);
    return 0;
}
