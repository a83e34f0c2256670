using System.Diagnostics;
using System.Text;

namespace VizPipeline.Tests.Containers;

/// <summary>Runs commands of README and docs in bash.</summary>
internal static class Shell
{
    private const int LinesOfFailure = 12;

    /// <summary>Runs a script in a folder and returns its output, standard error included. Fails if the script fails.</summary>
    public static async Task<string> RunAsync(
        string folder, IReadOnlyDictionary<string, string> variables, string script, TimeSpan limit, Action<string>? line = null)
    {
        var start = new ProcessStartInfo(
            "bash", ["-c", script])
        { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var text = new StringBuilder();
        void Append(string? part)
        {
            if (part is null)
                return;
            lock (text)
                text.AppendLine(part);
            line?.Invoke(part);
        }
        process.OutputDataReceived += (_, part) => Append(part.Data);
        process.ErrorDataReceived += (_, part) => Append(part.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"not done within {limit.TotalMinutes:0.#} min:\n{End()}\nof: {script}");
        }
        lock (text)
        {
            Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}:\n{End()}\nof: {script}");
            return text.ToString();
        }

        // The last lines say why, and tests/run repeats only the beginning of a message.
        string End()
        {
            lock (text)
                return string.Join('\n', text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LinesOfFailure));
        }
    }
}
