using System.CommandLine;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Server.Analysis;

namespace Culprit.Server.Commands;

/// <summary><c>culprit diagnose</c>: the ranked causes of what went wrong in a stretch of time, whether or not a detector found it.</summary>
internal static class DiagnoseCommand
{
    public static Command Create()
    {
        var paths = FileRun.PathArgument("diagnose");
        var from = MomentOption.Create(
            "--from", "When the trouble began (ISO 8601; UTC unless it says otherwise). Earlier records are what it is held against.", isRequired: true);
        var to = MomentOption.Create("--to", "When it ended, or now.", isRequired: true);
        var json = FileRun.JsonOption();
        var html = FileRun.HtmlOption();
        var environment = FileRun.EnvironmentOption();
        var config = FileRun.ConfigOption();
        var threads = FileRun.ThreadsOption();
        var command = new Command("diagnose", "Reads log files (or a folder of logs, metrics, traces and changes) and ranks the causes of the trouble between two moments.")
        {
            paths, from, to, json, html, environment, config, threads,
        };
        command.Validators.Add(result =>
        {
            if (MomentOption.Parse(result.GetValue(from)) is { } start && MomentOption.Parse(result.GetValue(to)) is { } end && end <= start)
            {
                result.AddError($"--to {result.GetValue(to)} must come after --from {result.GetValue(from)}.");
            }
        });
        command.SetAction((result, cancellationToken) =>
        {
            var range = new InquiryRange(MomentOption.Parse(result.GetValue(from))!.Value, MomentOption.Parse(result.GetValue(to))!.Value);
            return new FileRun(
                result.GetRequiredValue(paths), result.GetValue(json), result.GetValue(html),
                result.GetRequiredValue(environment), result.GetValue(config), result.GetValue(threads))
            {
                Question = FileQuestion.Cause(range),
            }.RunAsync(cancellationToken);
        });
        return command;
    }
}
