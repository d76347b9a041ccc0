using Culprit.Benchmarks.Exam.Simulation;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Runs cases with faults through the engine and scores what it found.</summary>
internal static class FaultExam
{
    public static int Run(ExamArguments arguments)
    {
        var cases = arguments.Cases().ToList();
        var scores = new List<CaseScore>?[cases.Count];
        var done = 0;
        var writing = new Lock();
        Parallel.For(0, cases.Count, new ParallelOptions { MaxDegreeOfParallelism = arguments.Jobs }, i =>
        {
            scores[i] = [.. Score(cases[i], arguments.Forms)];
            lock (writing)
            {
                Write(arguments, [.. scores.OfType<List<CaseScore>>().SelectMany(s => s)]);
            }

            Console.Error.WriteLine($"{Interlocked.Increment(ref done)} of {cases.Count}: {cases[i].Id}");
        });
        var all = scores.SelectMany(s => s!).ToList();
        Console.Write(ScoreTable.Render(all, arguments.WithCases));
        return 0;
    }

    /// <summary>After each case, so that a run that is cut off has left something.</summary>
    private static void Write(ExamArguments arguments, IReadOnlyList<CaseScore> scores)
    {
        if (arguments.JsonFile is { } file)
        {
            ScoreFile.Write(file, scores);
        }
    }

    /// <summary>One simulation for all forms: they differ in what is kept of its spans only.</summary>
    private static IEnumerable<CaseScore> Score(ExamCase exam, IReadOnlyList<SpanForm> forms)
    {
        var (simulation, plan) = exam.Prepare();
        using (simulation)
        {
            var players = forms.Select(form => new ExamPlayer(form, simulation.Start)).ToList();
            Play(simulation, players);
            var labels = plan!.Labels(simulation);
            return [.. forms.Zip(players).SelectMany(p => CaseScore.Of(labels, p.First, [.. p.Second.Report.Incidents.Select(FoundIncident.Of)]))];
        }
    }

    internal static void Play(SimulatedSystem simulation, List<ExamPlayer> players)
    {
        foreach (var second in simulation.Seconds())
        {
            players.ForEach(p => p.Add(second));
        }

        players.ForEach(p => p.Finish());
    }
}
