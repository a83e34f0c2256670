using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;
using VizPipeline.Tests.Cli;
using VizPipeline.Tests.Containers;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Deployment;

/// <summary>
/// Runs the commands of README's "Your first network" and of the task pages in docs/, unchanged and in order, with the sample network
/// and generated pictures. README's blocks "Try it" and "Install" build the checkout, as the test command itself does, and are left out.
/// </summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public sealed class DocumentationCommandTests(DocumentationMaterial material, ITestOutputHelper output)
    : IClassFixture<DocumentationMaterial>
{
    // Other tests run the commands of these pages: with containers, on a cluster, on Slurm, from packages.
    private static readonly string[] RunElsewhere = ["cluster.md", "install.md", "operations.md", "slurm.md"];

    public static TheoryData<string> Pages =>
        ["networks.md", "images.md", "ascent.md", "pages.md", "results.md", "neurons.md", "running.md", "activations.md", "notebook.md",
            "dictionaries.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_of_a_page_run(string page)
    {
        await material.RunAsync(MarkdownCommands.Of("Your first network", "README.md"), output.WriteLine);
        await material.RunAsync(MarkdownCommands.OfPage("docs", page), output.WriteLine);
    }

    [Fact]
    public void Every_page_with_commands_has_a_test()
    {
        var pages = Directory.GetFiles(Repository.Path("docs"), "*.md").Select(file => Path.GetFileName(file))
            .Where(page => MarkdownCommands.AreOn("docs", page));
        Assert.Equal(Pages.Select(row => row.Data).Concat(RunElsewhere).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }
}

/// <summary>A folder with what the commands name: a network, images (folder, archives, list), one picture, official weights.</summary>
public sealed partial class DocumentationMaterial : IDisposable
{
    private const int Pictures = 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-pages-").FullName;
    private readonly int _port = FreePort();
    private readonly HashSet<string> _done = [];

    public DocumentationMaterial()
    {
        File.WriteAllBytes(At("model.onnx"), SampleNetwork.Model);
        PictureFolder.Generate(At("drawn"), Pictures, seed: 7);
        var files = Directory.GetFiles(At("drawn"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var list = new List<string>();
        for (var i = 0; i < files.Count; i++)
        {
            var (label, name) = (i < files.Count / 2 ? "cat" : "dog", $"{i:D4}.jpg");
            Directory.CreateDirectory(At("photos", label));
            File.Copy(files[i], At("photos", label, name));
            list.Add($"photos/{label}/{name} {label}");
        }
        File.Copy(files[0], At("cat.jpg"));
        File.WriteAllLines(At("list.txt"), list);
        ZipFile.CreateFromDirectory(At("photos"), At("train.zip"));
        Directory.CreateDirectory(At("shards"));
        TarFile.CreateFromDirectory(At("photos", "cat"), At("shards", "train-000000.tar"), includeBaseDirectory: true);
        TarFile.CreateFromDirectory(At("photos", "dog"), At("shards", "train-000001.tar"), includeBaseDirectory: true);
        // `viz models pull` finds the file in place; the download has tests of its own. The content decides about the format, not the name.
        Directory.CreateDirectory(At("models"));
        using var tiny = new TinyNetwork();
        File.Copy(tiny.Path("tiny.safetensors"), At("models", "squeezenet1_1-b8a52dc0.pth"));
    }

    /// <summary>The path of a file in the folder in which the commands run.</summary>
    public string At(params string[] parts) => Path.Combine([_folder, .. parts]);

    /// <summary>Runs lines as one script, once; `viz serve` goes to the background, on a free port.</summary>
    public async Task RunAsync(IReadOnlyList<string> lines, Action<string> log)
    {
        var commands = string.Join('\n', lines);
        if (!_done.Add(commands))
            return;
        var variables = new Dictionary<string, string>
        {
            ["VIZ"] = Path.Combine(AppContext.BaseDirectory, "viz"),
            ["PORT"] = $"{_port}",
            ["VIZ_MODELS"] = At("models"),
            ["VIZ_CACHE"] = At("cache"),
            // A terminal that can show pictures.
            ["COLORTERM"] = "truecolor",
        };
        log(await Shell.RunAsync(_folder, variables, $"{Preamble}\n{commands}", TimeSpan.FromMinutes(5)));
        Assert.All(
            Written().Matches(commands).Select(match => match.Groups[1].Value),
            name => Assert.True(Path.Exists(At(name)), $"{name} was not written"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Preamble = """
        set -euo pipefail
        viz() {
            if [[ $1 != serve ]]; then
                "$VIZ" "$@"
                return
            fi
            "$VIZ" "$@" --port "$PORT" > serve.log 2>&1 &
            server=$!
            for _ in $(seq 600); do
                command curl -s -o /dev/null "http://127.0.0.1:$PORT/" && return
                kill -0 $server || break
                sleep 0.1
            done
            cat serve.log
            return 1
        }
        curl() { command curl -fsS "${@//127.0.0.1:8082/127.0.0.1:$PORT}"; }
        trap '[[ -z ${server:-} ]] || { kill $server; wait $server || true; }' EXIT
        """;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"--(?:out|to) (\S+)")]
    private static partial Regex Written();
}
