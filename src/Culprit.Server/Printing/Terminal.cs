using Spectre.Console;

namespace Culprit.Server.Printing;

/// <summary>Standard output: colours only on a terminal, and lines are wrapped only there.</summary>
internal static class Terminal
{
    private const int Unwrapped = 1_000_000;

    public static IAnsiConsole Console { get; } = Create();

    private static IAnsiConsole Create()
    {
        var console = AnsiConsole.Console;
        if (System.Console.IsOutputRedirected)
        {
            console.Profile.Width = Unwrapped;
        }

        return console;
    }
}
