using System.CommandLine;
using Culprit.Server.Commands;

// What was acknowledged is safe either way; the time is for finishing answers and for a quick start next time.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(25) };
return await CommandLine.Create().Parse(args).InvokeAsync(configuration).ConfigureAwait(false);
