using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests that each invalid input gives one line that names it and says what is allowed, and exit code 2.</summary>
public sealed class WrongInputTests : IDisposable
{
    private readonly TinyNetwork _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData("deconv --layer features.0 --channel 4 --image IMAGE", "x.png", "channel 4", "channels 0 to 3")]
    [InlineData("deconv --layer features.0 --channel -1 --image IMAGE", "x.png", "channel -1", "channels 0 to 3")]
    [InlineData("deconv --layer features.0 --channel one --image IMAGE", "x.png", "one", "--channel")]
    [InlineData("deconv --layer features.0 --image IMAGE", "x.png", "--channel", "required")]
    [InlineData("deconv --layer features.0 --channel 1 --position 15,0 --image IMAGE", "x.png", "15,0", "rows 0 to 14 and columns 0 to 14")]
    [InlineData("deconv --layer features.0 --channel 1 --position 0,-1 --image IMAGE", "x.png", "0,-1", "rows 0 to 14")]
    [InlineData("deconv --layer features.0 --channel 1 --position middle --image IMAGE", "x.png", "middle", "12,40")]
    [InlineData("deconv --layer features.0 --channel 1 --rule magic --image IMAGE", "x.png", "magic", "guided")]
    [InlineData("deconv --layer features.0 --channel 1 --image THREE", "x.png", "3 images", "takes one")]
    [InlineData("maps --layer feature.0 --image IMAGE", "x.png", "feature.0", "features.0")]
    [InlineData("maps --layer features.0 --image missing.jpg", "x.png", "missing.jpg", "does not exist")]
    [InlineData("maps --layer features.0 --image missing.npy", "x.png", "missing.npy", "does not exist")]
    [InlineData("maps --layer features.0 --image FOLDER", "x.png", "is a folder", "picture")]
    [InlineData("maps --layer features.0 --image TEXT", "x.png", "notes.png", "unreadable")]
    [InlineData("maps --layer features.0 --image SMALL", "x.png", "[1, 3, 8, 8]", "[N, 3, 32, 32]")]
    [InlineData("maps --layer features.0 --image FLAT", "x.png", "[32, 32]", "[N, C, H, W]")]
    [InlineData("maps --layer features.0 --image WHOLE", "x.png", "I32", "floating-point")]
    [InlineData("maps --layer features.0 --image PAIR", "x.png", "2 tensors", "'input'")]
    [InlineData("maps --layer features.0 --image IMAGE", "x.jpg", "x.jpg", ".safetensors")]
    [InlineData("maps --layer features.0 --image IMAGE", "", "folder", "file")]
    [InlineData("maps --layer features.0 --channel 9 --image IMAGE", "x.png", "channel 9", "0 to 3")]
    [InlineData("activations --image IMAGE", "x.npy", "x.npy", "one array")]
    [InlineData("activations --image IMAGE", "x.png", ".png", "one layer")]
    [InlineData("activations --layers nothing.* --image IMAGE", "x.safetensors", "nothing.*", "nearest")]
    [InlineData("activations --layer features.0 --layers features.3 --image IMAGE", "x.npy", "--layer", "not both")]
    [InlineData("activations --layer features.0 --reduce max --image IMAGE", "x.png", "--reduce max", ".npy")]
    [InlineData("activations --layer features.0 --reduce mean --image IMAGE", "x.npy", "mean", "max")]
    [InlineData("activations --layer features.0 --image THREE", "x.png", "one image", "3")]
    [InlineData("ascend --layer features.0 --channel 1,7", "x.png", "channel 7", "0 to 3")]
    [InlineData("ascend --layer features.0 --channel all", "x.png", "all", "5,17,40")]
    [InlineData("ascend --layer features.0 --channel 1 --preset 5", "x.png", "--preset '5'", "low-frequency")]
    [InlineData("ascend --layer features.0 --channel 1 --steps 0", "x.png", "--steps 0", "1 to 1000000")]
    [InlineData("ascend --layer features.0 --channel 1 --preset nothing.json", "x.png", "nothing.json", "viz recipes")]
    [InlineData("ascend --layer features.0 --channel 1 --preset TEXT", "x.png", "is wrong", "viz recipes show")]
    [InlineData("ascend --layer features.0", "x.png", "--channel", "5,17,40")]
    [InlineData("ascend --layer features.0 --channel 1 --direction 1:2", "x.png", "--channel", "whole layer")]
    [InlineData("ascend --layer features.0 --objective direction", "x.png", "direction", "3:1,17:-0.5")]
    [InlineData("ascend --layer features.0 --direction 1:x", "x.png", "1:x", "3:1,17:-0.5")]
    [InlineData("ascend --layer features.0 --direction 9:1", "x.png", "channel 9", "0 to 3")]
    [InlineData("ascend --layer features.0 --objective inversion", "x.png", "--image", "picture")]
    [InlineData("ascend --layer features.0 --channel 1 --image IMAGE", "x.png", "--image", "inversion")]
    [InlineData("ascend --layer features.0 --channel 1 --images FOLDER", "x.png", "--images", "maco")]
    [InlineData("ascend --layer features.0 --channel 1 --preset multifaceted", "x.png", "multifaceted", "top9")]
    [InlineData("ascend --layer features.0 --channel 1 --rates fast", "x.png", "fast", "normalised")]
    [InlineData("filters --layer features.3", "x.png", "features.3", "features.0")]
    [InlineData("filters --layer features.3", "x.npy", "features.3", "no weights")]
    public async Task It_is_said_in_one_line(string command, string output, string thing, string allowed)
    {
        var words = command.Split(' ').Select(word => word switch
        {
            "IMAGE" => _tiny.Path("picture.png"),
            "THREE" => _tiny.Path("three.npy"),
            "FOLDER" => _tiny.Path(""),
            "TEXT" => Text(),
            "SMALL" or "FLAT" => Array(word == "FLAT" ? [32, 32] : [3, 8, 8]),
            "WHOLE" or "PAIR" => Tensors(word == "WHOLE"),
            _ => word,
        }).ToArray();
        (await _tiny.RunAsync(words[0], output, words[1..])).ComplainedOf(thing, allowed);
        Assert.False(File.Exists(_tiny.Path(output)));
    }

    [Fact]
    public async Task A_missing_model_is_named()
        => (await CommandLineRun.RunAsync("filters", "--model", "no-such-net", "--layer", "a", "--out", _tiny.Path("x.png")))
            .ComplainedOf("no-such-net", "viz models");

    private string Text()
    {
        File.WriteAllText(_tiny.Path("notes.png"), "no picture at all");
        return _tiny.Path("notes.png");
    }

    private string Array(int[] shape)
    {
        NpyArray.Write(_tiny.Path("other.npy"), _tiny.Values("other", shape));
        return _tiny.Path("other.npy");
    }

    private string Tensors(bool whole)
    {
        var writer = whole
            ? new SafetensorsWriter().Add("input", new int[3 * 32 * 32], 3, 32, 32)
            : new SafetensorsWriter().Add("a", [1f], 1).Add("b", [1f], 1);
        writer.WriteTo(_tiny.Path("other.safetensors"));
        return _tiny.Path("other.safetensors");
    }
}
