using System.CommandLine;

namespace Culprit.Server.Commands;

/// <summary>The verbs of the binary; without one it serves.</summary>
internal static class CommandLine
{
    public static RootCommand Create()
    {
        var serve = ServeCommand.Create();
        var root = new RootCommand("Culprit: logs in; anomalies, incidents and their root causes out. Without a command it serves.");
        root.Subcommands.Add(serve);
        root.Subcommands.Add(DemoCommand.Create());
        root.Subcommands.Add(AnalyzeCommand.Create());
        root.Subcommands.Add(DiagnoseCommand.Create());
        root.Subcommands.Add(PatternsCommand.Create());
        root.Subcommands.Add(EvalCommand.Create());
        root.Subcommands.Add(BacktestCommand.Create());
        root.Subcommands.Add(CheckCommand.Create());
        root.Subcommands.Add(IncidentCommand.Create());
        root.Subcommands.Add(AlertCommand.Create());
        root.Subcommands.Add(SilenceCommand.Create());
        root.Subcommands.Add(AskCommand.Create());
        root.Subcommands.Add(McpCommand.Create());
        root.Subcommands.Add(KeysCommand.Create());
        root.Subcommands.Add(DlqCommand.Create());
        root.Subcommands.Add(ReplayCommand.Create());
        root.Subcommands.Add(BackupCommand.CreateBackup());
        root.Subcommands.Add(BackupCommand.CreateRestore());
        root.Subcommands.Add(MigrateCommand.Create());
        ServeCommand.AddTo(root);
        return root;
    }
}
