using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Runs cases with faults through the engine and scores what it found.</summary>
internal static class FaultExam
{
    /// <summary>What comes so long after the last time that is asked about, with the slowest shipper, would not be read.</summary>
    private static readonly TimeSpan Shipping = TimeSpan.FromMinutes(2);

    public static int Run(ExamArguments arguments)
    {
        var cases = arguments.Cases().ToList();
        var scores = new List<CaseScore>?[cases.Count];
        var done = 0;
        var writing = new Lock();
        Parallel.For(0, cases.Count, new ParallelOptions { MaxDegreeOfParallelism = arguments.Jobs }, i =>
        {
            scores[i] = [.. Score(cases[i], arguments)];
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
    private static IEnumerable<CaseScore> Score(ExamCase exam, ExamArguments arguments)
    {
        var (forms, isTold) = (arguments.Forms, arguments.IsTold);
        var (simulation, plan) = exam.Prepare();
        using (simulation)
        {
            var from = simulation.Start.AddMilliseconds(plan!.FromMs);
            var fault = new InquiryRange(from, arguments.Early is { } early ? from + early : simulation.Start.AddMilliseconds(plan.ToMs));
            var question = isTold ? FileQuestion.Cause(fault) : FileQuestion.Incidents();
            var players = forms.Select(form => new ExamPlayer(form, simulation.Start, question)).ToList();
            var until = question.Until is { } asked ? asked + Shipping : arguments.Early is null ? DateTimeOffset.MaxValue : fault.To;
            Play(simulation, players, until);
            var labels = plan.Labels(simulation);
            if (arguments.DossierFolder is { } folder)
            {
                KeptEvidence.Write(folder, exam.Id, forms.Zip(players, (form, player) => new KeptEvidence(labels, form, isTold, player.Dossiers)));
            }

            return [.. forms.Zip(players).SelectMany(p => CaseScore.Of(labels, p.First, isTold, [.. p.Second.Report.Incidents.Select(FoundIncident.Of)]))];
        }
    }

    internal static void Play(SimulatedSystem simulation, List<ExamPlayer> players, DateTimeOffset until)
    {
        var now = simulation.Start;
        foreach (var second in simulation.Seconds())
        {
            players.ForEach(p => p.Add(second));
            now = now.AddSeconds(1);
            if (now > until)
            {
                break;
            }
        }

        players.ForEach(p => p.Finish());
    }
}
