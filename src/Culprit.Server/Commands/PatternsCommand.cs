using System.CommandLine;
using Culprit.Engine.Patterns;
using Culprit.Server.Ingestion.Files;
using Culprit.Server.Patterns;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit patterns</c>: which patterns the records of files have, how often, and what varies in them.</summary>
internal static class PatternsCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("FILE") { Description = "Files, folders, globs, or - for standard input; gzip and zstd are read.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<string?>("--json") { Description = "Write the patterns as JSON to this file (- for standard output)." };
        var top = new Option<int>("--top") { Description = "Show only so many patterns, the commonest first; 0 shows all.", DefaultValueFactory = _ => 0 };
        var assign = new Option<string?>("--assign") { Description = "Take each line of FILE for one whole message, and write 'id<TAB>pattern' of each line to this file (- for standard output)." };
        top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
            {
                result.AddError("--top must be 0 (all) or more.");
            }
        });
        var command = new Command("patterns", "Shows the patterns of log files with counts, share, first and last time, and what varies in them.")
        {
            paths, json, top, assign,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(assign) is not null && (result.GetValue(json) is not null || result.GetValue(top) > 0))
            {
                result.AddError("--assign goes with neither --json nor --top: it writes one line for each line read.");
            }
        });
        command.SetAction((result, cancellationToken) =>
        {
            var files = result.GetRequiredValue(paths);
            return result.GetValue(assign) is { } target
                ? AssignAsync(files, target, cancellationToken)
                : ShowAsync(files, result.GetValue(json), result.GetValue(top), cancellationToken);
        });
        return command;
    }

    private static async Task<int> AssignAsync(string[] files, string target, CancellationToken cancellationToken)
    {
        if (files.Length != 1 || Directory.Exists(files[0]))
        {
            return await RefuseAsync("--assign reads exactly one file, or - for standard input.").ConfigureAwait(false);
        }

        using var reader = LogFileReader.Open(new LogInput(files[0], "unknown", Engine.Ingestion.Lines.TelemetryKind.Logs, 0), Console.OpenStandardInput(), "default", TimeProvider.System);
        using var text = reader.OpenText();
        if (text is null)
        {
            return await RefuseAsync(reader.Problem ?? $"{files[0]} cannot be read.").ConfigureAwait(false);
        }

        var assignment = new LineAssignment(new PatternOptions());
        var bytes = files[0] == LogInput.StandardInput ? 0 : new FileInfo(files[0]).Length;
        return await GuardAsync(
            () => ReadingProgress.ShowAsync(bytes, () => reader.BytesRead, () => Task.Run(
                () =>
                {
                    using var output = Open(target);
                    assignment.Run(text, output, cancellationToken);
                },
                CancellationToken.None)),
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> ShowAsync(string[] paths, string? target, int top, CancellationToken cancellationToken)
    {
        var inputs = LogInputs.Expand(paths, out var missing);
        if (inputs.Count == 0)
        {
            return await RefuseAsync(string.Join("; ", missing.DefaultIfEmpty("nothing to read"))).ConfigureAwait(false);
        }

        var run = new PatternsRun(inputs, new PatternTally(new PatternOptions()));
        var status = await GuardAsync(
            () => ReadingProgress.ShowAsync(inputs.Sum(i => i.Bytes), () => run.BytesRead, () => Task.Run(() => run.Read(cancellationToken), CancellationToken.None)),
            cancellationToken).ConfigureAwait(false);
        if (status != ExitCodes.Success)
        {
            return status;
        }

        var report = PatternsReport.Of(run.Tally, top, [.. missing, .. run.Problems]);
        if (target is null)
        {
            PatternsText.Write(report, Terminal.Console);
            return report.Records > 0 ? ExitCodes.Success : ExitCodes.Failure;
        }

        status = await GuardAsync(
            () =>
            {
                using var output = Open(target);
                PatternsJson.Write(report, output);
                return Task.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
        return status == ExitCodes.Success && report.Records == 0 ? ExitCodes.Failure : status;
    }

    private static Stream Open(string target) =>
        target == LogInput.StandardInput ? new BufferedStream(Console.OpenStandardOutput(), 256 * 1024) : new FileStream(target, FileMode.Create, FileAccess.Write, FileShare.Read, 256 * 1024);

    private static async Task<int> GuardAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("culprit: stopped before the end; the output is not complete.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(e.Message)).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    private static async Task<int> RefuseAsync(string problem)
    {
        await Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(problem)).ConfigureAwait(false);
        return ExitCodes.BadUsage;
    }
}
