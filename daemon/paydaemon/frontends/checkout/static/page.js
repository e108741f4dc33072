// The page is whole without a script. With this one it goes on by itself, and nothing is loaded twice for it.
import { copyOnClick } from "./copy.js";
import { countDown } from "./countdown.js";
import { tellEmbedder } from "./embedded.js";
import { follow } from "./live.js";
import { swapOnClick } from "./refresh.js";
import { offerWallets } from "./wallets.js";

copyOnClick();
countDown();
follow();
swapOnClick();
tellEmbedder();
offerWallets();
