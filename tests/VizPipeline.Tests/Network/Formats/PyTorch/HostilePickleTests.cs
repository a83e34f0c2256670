using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>Pickles that would run code in Python, or fill memory or stack here.</summary>
public class HostilePickleTests
{
    [Fact]
    public void A_function_to_call_is_a_word()
        => IsWord("posix.system", new PickleWriter().Global("posix", "system").Text("id").Raw(0x85).Op('R'));

    [Fact]
    public void A_function_named_on_the_stack_is_a_word()
        => IsWord("os.system", new PickleWriter().Text("os").Text("system").Raw(0x93).Text("id").Raw(0x85).Op('R'));

    [Fact]
    public void A_whole_module_is_refused_by_the_name_of_its_class()
        => IsWord("torchvision.models.alexnet.AlexNet", new PickleWriter().Global("torchvision.models.alexnet", "AlexNet").Op(')').Raw(
            0x81).Op('}').Op('b'));

    [Theory]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch.hub", "load")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("numpy", "load")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("torch", "_utils._rebuild_tensor_v2")]
    public void Names_beside_the_known_ones_mean_nothing(string module, string name)
    {
        IsWord($"{module}.{name}", new PickleWriter().Global(module, name).Text("id").Raw(0x85).Op('R'));
        var weight = new PickleWriter().Dict(root => root.Text("a.weight").Global(module, name).Op('(').Storage("0", 2).Number(0).Tuple(
            2).Tuple(1).Op('t').Op('R'));
        Assert.Contains(
            $"the tensor 'a.weight' is created by {module}.{name}, which is not", Refusal(weight.End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_to_create_an_object_creates_a_word()
    {
        IsWord("os.system", new PickleWriter().Op('(').Text("id").Op('i').Raw("os\nsystem\n"u8.ToArray()));
        IsWord("os.system", new PickleWriter().Op('(').Global("os", "system").Text("id").Op('o'));
        IsWord("os.system", new PickleWriter().Global("os", "system").Text("id").Raw(0x85).Raw(0x81));
        IsWord("os.system", new PickleWriter().Global("os", "system").Op(')').Op('}').Raw(0x92));
    }

    [Theory]
    [InlineData(0x82, 1)]
    [InlineData(0x83, 2)]
    [InlineData(0x84, 4)]
    public void EXT_is_refused(byte opcode, int width)
        => Assert.Contains(
            "instruction Ext" + width, Refusal(new PickleWriter().Raw(opcode).Raw(new byte[width]).End()), StringComparison.Ordinal);

    [Fact]
    public void BUILD_changes_nothing()
    {
        Assert.Contains("no tensors", Refusal(
            new PickleWriter().Op('}').Dict(state => state.Text("__class__").Number(1)).Op('b').End()), StringComparison.Ordinal);
        Assert.Contains("has none", Refusal(new PickleWriter().Text("a").Op('}').Op('b').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_of_what_is_no_function_are_refused()
    {
        Refused(new PickleWriter().Text("os.system").Op(')').Op('R'));
        Refused(new PickleWriter().Global("torch", "FloatStorage").Op(')').Op('R'));

        static void Refused(PickleWriter pickle) => Assert.Contains("not a function", Refusal(pickle.End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Giving_a_word_many_times_a_long_list_is_cheap()
    {
        // A hundred thousand values, given a hundred thousand times.
        var pickle = new PickleWriter().Op('}').Op('(');
        for (var i = 0; i < 100_000; i++)
            pickle.Op('N');
        pickle.Op('t').Raw((byte)'q', 0);
        for (var i = 0; i < 100_000; i++)
            pickle.Global("a", "b").Raw((byte)'h', 0).Op('R').Op('0').Global("a", "b").Raw((byte)'h', 0).Raw(0x81).Op('0');
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("no tensors", Refusal(pickle.Op('0').End()), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void A_known_function_with_other_arguments_is_refused()
    {
        Assert.Contains("unexpected arguments", Refusal(
            new PickleWriter().Global("torch._utils", "_rebuild_tensor_v2").Op(')').Op('R').End()), StringComparison.Ordinal);
        Assert.Contains("not a storage", Refusal(new PickleWriter().Text("file:///etc/passwd").Op('Q').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_costs_no_stack()
    {
        var deep = new PickleWriter();
        for (var i = 0; i < 1_000_000; i++)
            deep.Op(']').Op('(');
        for (var i = 0; i < 999_999; i++)
            deep.Op('l');
        Assert.Contains("other than a dict", Refusal(deep.Op('l').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dict_that_contains_itself_ends()
        => Assert.Contains("no tensors", Refusal(
            new PickleWriter().Op('}').Raw((byte)'q', 0).Text("state_dict").Raw((byte)'h', 0).Op('s').End()), StringComparison.Ordinal);

    [Fact]
    public void Laughing_a_billion_times_is_cheap()
    {
        // Sixty-four doublings of a tuple: 2^64 elements, if anybody looked.
        var laughs = new PickleWriter().Op('}').Op(')');
        for (var i = 0; i < 64; i++)
            laughs.Op('2').Raw(0x86);
        Assert.Contains("no tensors", Refusal(laughs.Op('2').Op('s').End()), StringComparison.Ordinal);
    }

    [Fact]
    public void Making_many_dicts_of_one_long_list_is_cheap()
    {
        // A hundred thousand pairs, and as many dicts of them: 10^10 pairs, if each dict had its own.
        var pickle = new PickleWriter().Op('}').Op(']').Raw((byte)'q', 0).Op('(');
        for (var i = 0; i < 100_000; i++)
            pickle.Op(')').Op(')').Raw(0x86);
        pickle.Op('e');
        for (var i = 0; i < 100_000; i++)
            pickle.Global("collections", "OrderedDict").Raw((byte)'h', 0).Raw(0x85).Op('R').Op('0');
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("no tensors", Refusal(pickle.Op('0').End()), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500L << 20);
    }

    [Fact]
    public void Asking_many_times_what_a_long_dict_has_for_keys_is_cheap()
    {
        // Two hundred thousand pairs, and as many states of them: 4 * 10^10 keys, if each were looked at.
        var pickle = new PickleWriter().Op('}').Op('}').Op('(');
        pickle.Text("").Raw((byte)'q', 0).Op('N');
        for (var i = 1; i < 200_000; i++)
            pickle.Raw((byte)'h', 0).Op('N');
        pickle.Op('u').Raw((byte)'q', 1);
        for (var i = 0; i < 200_000; i++)
            pickle.Raw((byte)'h', 1).Op('b');
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("no tensors", Refusal(pickle.Op('0').End()), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void What_is_stepped_over_is_nothing_whatever_it_is_given()
    {
        var refusal = Refusal(new PickleWriter().Op('}').Text("args").Global("argparse", "Namespace").Op('(')
            .Global("torch._utils", "_rebuild_tensor_v2").Op('t').Op('R').Text("state").Op('b').Op('s').End());
        Assert.Contains("no tensors", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8b00000080")]
    [InlineData("8bffffff7f")]
    [InlineData("58ffffffff")]
    [InlineData("8dffffffffffffffff")]
    [InlineData("8effffffffffffff7f")]
    [InlineData("95ffffffffffffffff")]
    public void Lengths_beyond_the_pickle_are_refused(string hex)
        => Assert.Throws<ModelFormatException>(() => Read(new PickleWriter().Raw(Convert.FromHexString(hex)).End()));

    [Theory]
    [InlineData("30")]
    [InlineData("31")]
    [InlineData("32")]
    [InlineData("52")]
    [InlineData("62")]
    [InlineData("73")]
    [InlineData("75")]
    [InlineData("7500")]
    [InlineData("6100")]
    [InlineData("87")]
    [InlineData("7100")]
    [InlineData("6800")]
    [InlineData("6affffffff")]
    [InlineData("51")]
    [InlineData("00")]
    [InlineData("63")]
    [InlineData("7d284b0175")]
    public void Pickles_that_make_no_sense_are_refused(string hex)
        => Assert.Throws<ModelFormatException>(() => Read(new PickleWriter().Raw(Convert.FromHexString(hex)).End()));

    [Fact]
    public void A_memo_index_of_four_billion_costs_no_memory()
        => Assert.Contains(
            "no tensors", Refusal(new PickleWriter().Op('}').Raw((byte)'r', 255, 255, 255, 255).End()), StringComparison.Ordinal);

    // As the whole content it is named, and beside weights it is stepped over.
    private static void IsWord(string what, PickleWriter pickle)
    {
        var bytes = pickle.End();
        Assert.Contains($"holds an object of the class {what}, which only code could create", Refusal(bytes), StringComparison.Ordinal);
        var beside = new PickleWriter().Dict(root => root.Text("conv.weight").Pair().Text("other").Raw(bytes[2..^1]));
        using var folder = new TempFolder();
        var read = StateDict.Read(folder.Write("test.pth", TorchZip.Of(beside.End(), TorchZip.Floats("0", 1, 2))));
        Assert.Equal(["conv.weight"], read.Keys);
    }

    private static void Read(byte[] pickle)
    {
        using var folder = new TempFolder();
        StateDict.Read(folder.Write("test.pth", TorchZip.Of(pickle, TorchZip.Floats("0", 1, 2))));
    }

    private static string Refusal(byte[] pickle) => Assert.Throws<ModelFormatException>(() => Read(pickle)).Message;
}
