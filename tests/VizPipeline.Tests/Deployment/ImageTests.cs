using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>The Dockerfiles, as far as can be seen without building them.</summary>
public sealed partial class ImageTests
{
    public static TheoryData<string> Dockerfiles => ["Dockerfile.service", "Dockerfile.worker"];

    [Theory, MemberData(nameof(Dockerfiles))]
    public void Bases_are_of_a_known_version(string file)
    {
        var text = Repository.Read("deploy", file);
        var bases = Argument().Matches(text);
        Assert.Equal(2, bases.Count);
        Assert.All(bases, b => Assert.Matches(@"^mcr\.microsoft\.com/dotnet/[a-z]+:10\.0-noble$", b.Groups["value"].Value));
        var stages = From().Matches(text).Select(f => f.Groups["stage"].Value).ToHashSet();
        Assert.All(From().Matches(text), f => Assert.True(f.Groups["base"].Value is "${SDK}" or "${RUNTIME}" || stages.Contains(f.Groups["base"].Value)));
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public void Nobody_runs_as_root(string file)
    {
        // Each stage with an entry point has its user before it.
        var text = Repository.Read("deploy", file);
        foreach (var stage in text.Split("\nFROM ").Where(stage => stage.Contains("ENTRYPOINT", StringComparison.Ordinal)))
            Assert.Matches(@"\nUSER [1-9][0-9]*:[1-9][0-9]*\n((?!USER).*\n)*ENTRYPOINT ", stage);
    }

    [Theory, MemberData(nameof(Dockerfiles))]
    public void What_is_copied_is_let_through(string file)
    {
        var allowed = Repository.Read(".dockerignore").Split('\n');
        foreach (var source in Copied().Matches(Repository.Read("deploy", file)).Select(c => c.Groups["source"].Value).Where(s => s != "."))
            Assert.Contains("!" + source, allowed);
        foreach (var needed in (string[])["src", "global.json", "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"])
            Assert.Contains("!" + needed, allowed);
    }

    [Theory]
    [InlineData("200 OK", 0)]
    [InlineData("503 Service Unavailable", 1)]
    public async Task The_health_check_repeats_what_the_service_says(string status, int exitCode)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var answer = Answer(server, status);
        var result = await Check(((IPEndPoint)server.LocalEndpoint).Port);
        Assert.Equal("GET /health/ready HTTP/1.0", await answer);
        Assert.Equal(exitCode, result.ExitCode);
    }

    [Fact]
    public async Task The_health_check_fails_where_nobody_listens()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        server.Stop();
        Assert.NotEqual(0, (await Check(port)).ExitCode);
    }

    private static Task<CommandResult> Check(int port) =>
        Helm.Execute(Repository.Path("deploy", "healthy"), [], new() { ["Http__Port"] = $"{port}" });

    private static async Task<string?> Answer(TcpListener server, string status)
    {
        using var client = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var request = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"), TestContext.Current.CancellationToken);
        return request;
    }

    [GeneratedRegex(@"^ARG (SDK|RUNTIME)=(?<value>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Argument();

    [GeneratedRegex(@"^FROM (?<base>\S+)( AS (?<stage>\S+))?$", RegexOptions.Multiline)]
    private static partial Regex From();

    [GeneratedRegex(@"^COPY (?!--from)(?<source>\S+) ", RegexOptions.Multiline)]
    private static partial Regex Copied();
}
