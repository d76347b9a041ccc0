using System.Diagnostics;
using System.Globalization;
using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Server.Analysis;

namespace Culprit.Benchmarks.Exam.Scoring;

/// <summary>Runs quiet days through the engine: every incident is one too many.</summary>
internal static class QuietExam
{
    public static int Run(ExamArguments arguments)
    {
        var quiet = arguments.Seeds.Select(seed => ExamCase.Quiet(seed, TimeSpan.FromHours(arguments.Hours))).ToList();
        var total = 0;
        Console.WriteLine("| seed | spans | hours | records | seconds | incidents |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        var details = new List<string>();
        foreach (var exam in quiet)
        {
            foreach (var form in arguments.Forms)
            {
                var watch = Stopwatch.StartNew();
                var (simulation, _) = exam.Prepare();
                using (simulation)
                {
                    var player = new ExamPlayer(form, simulation.Start, FileQuestion.Incidents());
                    Play(simulation, player);
                    var incidents = player.Report.Incidents.Select(FoundIncident.Of).ToList();
                    total += incidents.Count;
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"| {exam.Seed} | {form.ToString().ToLowerInvariant()} | {arguments.Hours} | {player.Records} | {watch.Elapsed.TotalSeconds:0} | {incidents.Count} |"));
                    details.AddRange(incidents.Select(i => $"- seed {exam.Seed}, {form.ToString().ToLowerInvariant()}, {i}"));
                }
            }
        }

        Console.WriteLine();
        details.ForEach(Console.WriteLine);
        var days = arguments.Hours / 24 * quiet.Count * arguments.Forms.Count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total / days:0.00} incidents in 24 quiet hours"));
        return 0;
    }

    /// <summary>Tells of each incident as it comes, so that a run that is cut off has said something.</summary>
    private static void Play(SimulatedSystem simulation, ExamPlayer player)
    {
        var told = 0;
        foreach (var second in simulation.Seconds())
        {
            player.Add(second);
            foreach (var incident in player.Report.Incidents.Skip(told))
            {
                told++;
                Console.Error.WriteLine(FoundIncident.Of(incident));
            }
        }

        player.Finish();
    }
}
