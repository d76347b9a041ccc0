using HostedCulprit;

await Story.TellAsync(Console.Out, TimeProvider.System.GetUtcNow(), CancellationToken.None);
