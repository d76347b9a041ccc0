using System.Diagnostics;
using System.Globalization;
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
                    FaultExam.Play(simulation, [player]);
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
}
