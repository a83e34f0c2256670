using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

public class LegacyTorchTests
{
    [Fact]
    public void Storages_follow_the_pickles_in_the_order_of_the_list()
    {
        var pickle = new PickleWriter().OrderedDict(dict => dict
            .Text("conv.weight").Tensor("94001", 6, [3, 2], [2, 1])
            .Text("conv.bias").Tensor("94002", 3, [3], [1])
            .Text("bn.num_batches_tracked").Tensor("94003", 1, [], [], type: "LongStorage")
            .Text("half").Tensor("94004", 2, [2], [1], type: "HalfStorage")
            .Text("double").Tensor("94005", 1, [1], [1], type: "DoubleStorage")
            .Text("bfloat").Tensor("94006", 2, [2], [1], type: "BFloat16Storage"));
        pickle.Dict(state => state.Text("_metadata").OrderedDict(_ => { })).Op('b');
        var tensors = Read(LegacyTorch.Of(
            pickle.End(),
            LegacyTorch.Floats("94002", 7, 8, 9),
            ("94004", 2, [.. BitConverter.GetBytes((Half)1.5f), .. BitConverter.GetBytes((Half)(-2))]),
            LegacyTorch.Floats("94001", 1, 2, 3, 4, 5, 6),
            ("94006", 2, [0x80, 0x3f, 0x20, 0xc1]),
            ("94003", 1, BitConverter.GetBytes(12L)),
            ("94005", 1, BitConverter.GetBytes(0.1))));

        Assert.Equal(["conv.weight", "conv.bias", "bn.num_batches_tracked", "half", "double", "bfloat"], tensors.Keys);
        Assert.Equal([1, 2, 3, 4, 5, 6], tensors["conv.weight"].Values);
        Assert.Equal([3, 2], tensors["conv.weight"].Shape);
        Assert.Equal([7, 8, 9], tensors["conv.bias"].Values);
        Assert.Equal([12], tensors["bn.num_batches_tracked"].Values);
        Assert.Equal([1.5f, -2], tensors["half"].Values);
        Assert.Equal([0.1f], tensors["double"].Values);
        Assert.Equal([1, -10], tensors["bfloat"].Values);
    }

    [Fact]
    public void Files_of_python_2_and_of_version_0_1_are_read()
    {
        // _rebuild_tensor without v2, Parameter, plain strings, pairs for OrderedDict, a part of a storage, and an int as text.
        var pickle = new PickleWriter().Dict(root => root
            .Text2("epoch").Op('I').Raw("4294967296\n"u8.ToArray())
            .Text2("arch").Text2("alexnet")
            .Text2("state_dict").Global("collections", "OrderedDict").Op('(').Op(']').Op('(')
                .Op(']').Op('(').Text2("module.weight").Global("torch.nn.parameter", "Parameter").Op('0')
                    .Global("torch._utils", "_rebuild_parameter").Op('(')
                    .Global("torch._utils", "_rebuild_tensor").Op('(')
                        .Op('(').Text2("storage").Global("torch", "FloatStorage").Text2("1").Text2("cpu").Number(6).Op('(').Text2("2")
                            .Number(2).Number(3).Op('t').Op('t').Op('Q')
                        .Number(1).Tuple(2).Tuple(1).Op('t').Op('R')
                    .Raw(0x88).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R').Op('e')
                .Op('e').Op('t').Op('R'));
        var tensors = Read(LegacyTorch.Of(pickle.End(), LegacyTorch.Floats("1", 0, 1, 2, 3, 4, 5)));
        Assert.Equal([3, 4], Assert.Single(tensors).Value.Values);
        Assert.Equal("weight", tensors.Keys.Single());
    }

    [Fact]
    public void A_newer_pickle_protocol_is_read_too()
    {
        var pair = new PickleWriter().Dict(dict => dict.Text("w").Pair()).End();
        var old = LegacyTorch.Of(pair, LegacyTorch.Floats("0", 1, 2));
        byte[] framed = [0x80, 4, 0x95, 13, 0, 0, 0, 0, 0, 0, 0, .. old.AsSpan(2)];
        Assert.Equal([1, 2], Assert.Single(Read(framed)).Value.Values);
    }

    [Fact]
    public void The_content_is_recognised_whatever_the_name()
    {
        using var folder = new TempFolder();
        var path = folder.Write("checkpoint.pth.tar", LegacyTorch.Of(
            new PickleWriter().Dict(dict => dict.Text("module.w").Pair()).End(), LegacyTorch.Floats("0", 1, 2)));
        Assert.True(ModelWeights.IsWeights(path));
        Assert.Equal(["w"], ModelWeights.Read(path).Keys);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_in_one_line()
    {
        var pair = new PickleWriter().Dict(dict => dict.Text("w").Pair()).End();
        Refused("ends too soon", LegacyTorch.Of(pair, ("0", 2, [1, 2, 3])));
        Refused("ends too soon", LegacyTorch.Of(pair, LegacyTorch.Floats("0", 1, 2))[..^3]);
        Refused("has 3 elements in storage '0', which should have 2", LegacyTorch.Of(pair, LegacyTorch.Floats("0", 1, 2, 3)));
        Refused("has -1 elements", LegacyTorch.Of(pair, ("0", -1, [])));
        Refused("lists a storage that no tensor uses", LegacyTorch.Of(pair, LegacyTorch.Floats("0", 1, 2), LegacyTorch.Floats("1", 1, 2)));
        Refused("lists the storage '0' twice", LegacyTorch.Of(pair, LegacyTorch.Floats("0", 1, 2), LegacyTorch.Floats("0", 1, 2)));
        Refused("lacks the storage '0'", LegacyTorch.Of(pair));
        Refused("version of the old format", LegacyTorch.Of(pair, 1002, littleEndian: true, LegacyTorch.Floats("0", 1, 2)));
        Refused("byte order 'big'", LegacyTorch.Of(pair, 1001, littleEndian: false, LegacyTorch.Floats("0", 1, 2)));
        Refused("ends too soon", [.. LegacyTorch.Magic]);
        Refused(
            "of two types or sizes",
            LegacyTorch.Of(
                new PickleWriter().Dict(dict => dict.Text("a").Pair().Text("b").Tensor("0", 3, [3], [1])).End(),
                LegacyTorch.Floats("0", 1, 2)));
    }

    [Fact]
    public void Sizes_beyond_the_file_ask_for_no_memory()
    {
        // A terabyte by one tensor, and by a stride of zero.
        var huge = new PickleWriter().Dict(dict => dict.Text("w").Tensor("0", 1L << 40, [1 << 20], [1])).End();
        Refused("ends too soon", LegacyTorch.Of(huge, ("0", 1L << 40, [1, 2, 3, 4])));
        var repeated = new PickleWriter().Dict(dict => dict.Text("w").Tensor("0", 1, [1 << 30], [0])).End();
        Refused("more than its", LegacyTorch.Of(repeated, LegacyTorch.Floats("0", 1)));
        var part = new PickleWriter().Dict(dict => dict.Text("w").Global("torch._utils", "_rebuild_tensor").Op('(')
            .Op('(').Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Number(2).Op('(').Text("1").Number(1)
                .Number(long.MaxValue).Op('t').Op('t').Op('Q')
            .Number(0).Tuple(1).Tuple(1).Op('t').Op('R')).End();
        Refused("lies outside of it", LegacyTorch.Of(part, LegacyTorch.Floats("0", 1, 2)));
    }

    [Fact]
    public void A_whole_pickled_network_is_refused_with_the_way_out()
    {
        var module = new PickleWriter().Op('(').Text("module").Global("torchvision.models.resnet", "ResNet").Text("resnet.py").Text("")
            .Op('t').Op('Q').Op(')').Raw(0x81).Op('}').Op('b').End();
        Refused("torch.save(model.state_dict(), path), where the network's code is", LegacyTorch.Of(module));
        Refused("the class torchvision.models.resnet.ResNet, which only code could create", LegacyTorch.Of(module));
    }

    [Fact]
    public void Damaged_files_are_read_or_refused()
    {
        var pickle = new PickleWriter().Dict(root => root.Text("epoch").Number(3).Text("state_dict").OrderedDict(dict => dict
            .Text("module.a").Tensor("0", 6, [3, 2], [2, 1]).Text("module.b").Tensor("1", 2, [2], [1], type: "HalfStorage"))).End();
        var valid = LegacyTorch.Of(pickle, LegacyTorch.Floats("0", 1, 2, 3, 4, 5, 6), ("1", 2, [0, 0x3c, 0, 0x40]));
        MutationFuzz.Check(valid, path => StateDict.Read(path), ".pth");
    }

    private static IReadOnlyDictionary<string, FloatTensor> Read(byte[] file)
    {
        using var folder = new TempFolder();
        return StateDict.Read(folder.Write("old.pth", file));
    }

    private static void Refused(string why, byte[] file)
    {
        using var folder = new TempFolder();
        var message = Assert.Throws<ModelFormatException>(() => ModelWeights.Read(folder.Write("old.pth", file))).Message;
        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
