using System.Globalization;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Scoring;
using Culprit.Engine.RootCause;

namespace Culprit.Benchmarks.Exam;

/// <summary><c>exam …</c>: makes simulated telemetry, and measures the engine on it.</summary>
internal static class ExamCommand
{
    private const string Usage = """
        usage: Culprit.Benchmarks exam VERB ...
          faults                       the fault table
          generate DIR --seed N        writes telemetry that 'culprit analyze DIR/CASE' reads, and DIR/labels.jsonl
            --hours H                  quiet traffic from midnight on (default 24)
            --faults A,B --strength S  cases with these faults instead; S is 1 to 5, a list, or all
            --spans complete|sampled|none
          labels --faults A,B          the truth about the cases named so, without their telemetry
          run --faults A,B             the engine on those cases: found, delay, type, cause
            --spans complete,sampled,none or all; --told tells the time of the fault and asks for its cause;
            --cases prints each case; --json FILE; --jobs 2
            --lead M minutes of normal traffic before the fault (default 75);
            --early M ends the telemetry so many minutes after the fault began;
            --dossiers DIR keeps the evidence of each case
          rank DIR                     ranks kept evidence again, in milliseconds a case; --cases, --json FILE;
            --explain CASE --spans none says why, case by case
          table FILE,FILE              one table of scores written by run --json
          calibrate FILE,FILE          confidence against how often it was right, and the model fitted to it
          quiet --seeds A,B --hours H  the engine on quiet traffic: every incident is false
        Seeds 1 to 5 are for development; the seeds kept for the exam are refused without --exam.
        """;

    public static int Run(string[] args)
    {
        if (args is ["faults"])
        {
            PrintFaults();
            return 0;
        }

        if (args.Length == 0)
        {
            return Refuse(null);
        }

        if (ExamArguments.Parse(args.AsSpan(1), out var problem) is not { } arguments)
        {
            return Refuse(problem);
        }

        return args[0] switch
        {
            "generate" when arguments.Folder is { } folder => Generate(folder, arguments),
            "generate" => Refuse("generate needs a folder"),
            "labels" => PrintLabels(arguments),
            "run" when arguments.Faults.Count == 0 => Refuse("run needs --faults, which may be all"),
            "run" => FaultExam.Run(arguments),
            "rank" when arguments.Folder is { } kept => Rank(kept, arguments),
            "rank" => Refuse("rank needs a folder"),
            "table" when arguments.Folder is { } files => Render(files.Split(','), arguments.WithCases),
            "table" => Refuse("table needs files"),
            "calibrate" when arguments.Folder is { } files => Calibrate(files.Split(',')),
            "calibrate" => Refuse("calibrate needs files"),
            "quiet" => QuietExam.Run(arguments),
            _ => Refuse($"no verb '{args[0]}'"),
        };
    }

    private static int Generate(string folder, ExamArguments arguments)
    {
        var labels = new List<FaultLabel>();
        foreach (var exam in arguments.Cases())
        {
            labels.AddRange(TelemetryFolder.Write(exam, Path.Combine(folder, exam.Id), arguments.Forms[0]));
            Console.Error.WriteLine(exam.Id);
        }

        TelemetryFolder.WriteLabels(Path.Combine(folder, "labels.jsonl"), labels);
        return 0;
    }

    private static int PrintLabels(ExamArguments arguments)
    {
        foreach (var exam in arguments.Cases())
        {
            var (simulation, plan) = exam.Prepare();
            using (simulation)
            {
                foreach (var label in plan?.LabelsAfter(simulation) ?? [])
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{label.CaseId,-24} {label.RootCause,-20} change {label.Change[..Math.Min(12, label.Change.Length)],-12}  {label.AffectedCalls,4} of {label.ExposedCalls,4} calls{(label.IsClearlyVisible ? "  clearly visible" : "")}"));
                }
            }
        }

        return 0;
    }

    private static int Render(string[] files, bool withCases) =>
        Print(files, scores => ScoreTable.Render(scores, withCases));

    private static int Rank(string folder, ExamArguments arguments)
    {
        if (!Directory.Exists(folder))
        {
            return Refuse($"no folder '{folder}'");
        }

        var ranker = new RootCauseRanker(RunbookLibrary.Empty);
        if (arguments.Explained is { } id)
        {
            foreach (var kept in KeptEvidence.Read(folder).Where(k => k.Labels[0].CaseId.StartsWith(id, StringComparison.Ordinal) && arguments.Forms.Contains(k.Form)))
            {
                Console.WriteLine(kept.Explain(ranker));
            }

            return 0;
        }

        var scores = KeptEvidence.Read(folder).SelectMany(k => k.Score(ranker)).ToList();
        if (arguments.JsonFile is { } file)
        {
            ScoreFile.Write(file, scores);
        }

        Console.Write(ScoreTable.Render(scores, arguments.WithCases));
        return 0;
    }

    private static int Calibrate(string[] files) => Print(files, CalibrationReport.Render);

    private static int Print(string[] files, Func<IReadOnlyList<CaseScore>, string> render)
    {
        if (Array.Find(files, f => !File.Exists(f)) is { } missing)
        {
            return Refuse($"no file '{missing}'");
        }

        Console.Write(render([.. files.SelectMany(ScoreFile.Read)]));
        return 0;
    }

    private static void PrintFaults()
    {
        foreach (var fault in FaultTable.All)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{fault.Name,-20} {string.Join('|', fault.AnomalyTypes)}{(fault.RedHerring == RedHerring.None ? "" : $"  red herring: {fault.RedHerring}")}"));
        }
    }

    private static int Refuse(string? problem)
    {
        if (problem is not null)
        {
            Console.Error.WriteLine("exam: " + problem);
        }

        Console.Error.WriteLine(Usage);
        return 2;
    }
}
