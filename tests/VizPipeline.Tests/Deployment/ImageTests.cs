using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Checks of the Dockerfile that need no build.</summary>
public sealed partial class ImageTests
{
    private static readonly string Dockerfile = Repository.Read("deploy", "Dockerfile");

    [Fact]
    public void Bases_are_of_a_known_version()
    {
        var bases = Argument().Matches(Dockerfile);
        Assert.Equal(2, bases.Count);
        Assert.All(bases, b => Assert.Matches(@"^mcr\.microsoft\.com/dotnet/[a-z]+:10\.0-noble$", b.Groups["value"].Value));
        var stages = From().Matches(Dockerfile).Select(f => f.Groups["stage"].Value).ToHashSet();
        Assert.All(
            From().Matches(Dockerfile), f => Assert.True(
                f.Groups["base"].Value is "${SDK}" or "${RUNTIME}" or "runtime-${TORCH}" || stages.Contains(f.Groups["base"].Value)));
        Assert.ProperSuperset(new HashSet<string> { "coordinator", "atlas", "worker", "viz", "runtime-cpu", "runtime-cuda" }, stages);
    }

    [Fact]
    public void Nobody_runs_as_root()
    {
        // Each stage with an entry point sets its user before it.
        foreach (var stage in Dockerfile.Split("\nFROM ").Where(stage => stage.Contains("ENTRYPOINT", StringComparison.Ordinal)))
            Assert.Matches(@"\nUSER [1-9][0-9]*:[1-9][0-9]*\n((?!USER).*\n)*ENTRYPOINT ", stage);
    }

    [Fact]
    public void Only_images_for_CUDA_ask_for_devices()
    {
        foreach (var stage in Dockerfile.Split("\nFROM ").Where(
            stage => stage.Contains("NVIDIA_VISIBLE_DEVICES", StringComparison.Ordinal)))
            Assert.StartsWith("runtime-cpu AS runtime-cuda\n", stage);
    }

    [Theory]
    [InlineData("VizPipeline.Coordinator")]
    [InlineData("VizPipeline.Atlas")]
    [InlineData("VizPipeline.Worker")]
    [InlineData("VizPipeline.Cli")]
    public async Task What_the_build_reads_is_in_the_context(string project)
    {
        // MSBuild reports what it reads; files of the SDK and of packages are outside the repository.
        var result = await Helm.Execute(
            "dotnet",
            ["msbuild", Repository.Path("src", project), "-nologo", "-p:Configuration=Release", "-p:RuntimeIdentifier=linux-x64",
                "-getProperty:MSBuildAllProjects",
                "-getItem:AdditionalFiles,EditorConfigFiles,Compile,EmbeddedResource,Content,Protobuf,None"],
            new() { ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        var read = JsonNode.Parse(result.Output)!;
        var root = Repository.Path();
        var files = read["Properties"]!["MSBuildAllProjects"]!.GetValue<string>().Split(';')
            .Concat(
                read["Items"]!.AsObject().SelectMany(items => items.Value!.AsArray()).Select(item => item!["FullPath"]!.GetValue<string>()))
            .Where(file => file.Length > 0).Append(Repository.Path("global.json")).Append(Repository.Path("Directory.Packages.props"))
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file => !file.StartsWith("..", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal)
                && !file.Contains("/bin/", StringComparison.Ordinal))
            .Distinct().ToList();
        Assert.Contains("BannedSymbols.txt", files);
        Assert.All(files, file => Assert.True(IsInContext(file), $"{file} is read by the build, and .dockerignore keeps it out"));
    }

    [Theory]
    [InlineData(".env", false)]
    [InlineData("src/.env", false)]
    [InlineData("src/VizPipeline.Jobs/bin/x.dll", false)]
    [InlineData("tests/run", false)]
    [InlineData("photos/cat.jpg", false)]
    [InlineData("model.onnx", false)]
    [InlineData("deploy/healthy", true)]
    [InlineData("Directory.Build.props", true)]
    public void The_context_has_sources_and_nothing_else(string file, bool isIn) => Assert.Equal(isIn, IsInContext(file));

    // As in Docker, the last pattern that matches a path, or a folder above it, decides.
    private static bool IsInContext(string file)
    {
        var isIn = true;
        var above = file.Split('/').Select((_, i) => string.Join('/', file.Split('/')[..(i + 1)])).ToList();
        foreach (var line in Repository.Read(".dockerignore").Split('\n').Select(line => line.Trim()).Where(
            line => line.Length > 0 && line[0] != '#'))
        {
            var (exception, pattern) = (line[0] == '!', line.TrimStart('!').Trim('/'));
            var regex = "^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal)
                .Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "$";
            if (above.Exists(path => Regex.IsMatch(path, regex)))
                isIn = exception;
        }
        return isIn;
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
        await client.GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"), TestContext.Current.CancellationToken);
        return request;
    }

    [GeneratedRegex(@"^ARG (SDK|RUNTIME)=(?<value>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Argument();

    [GeneratedRegex(@"^FROM (?<base>\S+)( AS (?<stage>\S+))?$", RegexOptions.Multiline)]
    private static partial Regex From();
}
