using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace Culprit.Tests.Rules.Offenders;

/// <summary>Does, method by method, what the engine must not: proves that <see cref="PureRule"/> can fail. Never run.</summary>
internal static class Impure
{
#pragma warning disable RS0030 // The banned calls are the point: the rule must see them.
    public static DateTime AsksTheClock() => DateTime.UtcNow;

    public static DateTimeOffset AsksTheOtherClock() => DateTimeOffset.UtcNow;
#pragma warning restore RS0030

    public static TimeProvider TakesTheClock() => TimeProvider.System;

    public static Guid Rolls() => Guid.NewGuid();

    public static bool LooksAtFiles() => File.Exists("x");

    public static bool LooksAtFolders() => Directory.Exists("x");

    public static FileStream Opens() => new("x", FileMode.Open);

    public static Socket Connects() => new(SocketType.Stream, ProtocolType.Tcp);

    public static Thread StartsAThread() => new(() => { });

    public static Task StartsATask() => Task.Run(() => { });

    public static void Prints() => Console.WriteLine();

    public static int Counts() => Environment.TickCount;

    public static SqliteConnection Queries() => new("Data Source=x");

    public static Microsoft.AspNetCore.Http.HttpContext Serves() => new Microsoft.AspNetCore.Http.DefaultHttpContext();

    public static async Task<string> WaitsAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        return await File.ReadAllTextAsync("x", cancellationToken);
    }
}
